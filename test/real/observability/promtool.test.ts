/** The alerts are rules that Prometheus takes, and fire when they should. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const script = 'test/real/observability/promtool.sh';
const folder = 'deploy/observability';

function promtool(...args: string[]): { code: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(script, [folder, ...args], { encoding: 'utf8' });
  return { code: status, text: stdout + stderr };
}

/** 3: it cannot run here, and says why. */
const probe = promtool('--version');
const missing = probe.code === 3;

describe.skipIf(missing)(`promtool${missing ? ` cannot run here: ${probe.text.trim()}` : ''}`, () => {
  it('takes the alerts', () => {
    const { code, text } = promtool('check', 'rules', 'prometheus-rules.yaml');
    expect([code, text]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  it('sees each alert fire within a minute where it should, and not where it should not', () => {
    const { code, text } = promtool('test', 'rules', 'prometheus-rules.test.yaml');
    expect([code, text]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});
