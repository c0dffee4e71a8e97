/** `--restore` on the command line. */
import { expect, it } from 'vitest';
import { useRig } from './harness.ts';

let ahead = 0;
const rig = useRig({ clock: () => Date.now() + ahead, limits: { restoreMs: 3_600_000 } });
const env = { FERRY_RESTORE_LOOK_MS: '20' };

it('waits for the restore of an archived source, says so once, and copies it', async () => {
  await rig.twin.store.put('photos', 'old.tar', { body: 'old', storageClass: 'GLACIER' });
  const refused = await rig.run('cp', 's3://photos/old.tar', 's3://backup/');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('--restore DAYS');
  const running = rig.runWith(
    env,
    'cp',
    's3://photos/old.tar',
    's3://backup/',
    '--restore',
    '3',
    '--restore-tier',
    'Bulk',
  );
  await expect.poll(() => rig.twin.requests.count('RestoreObject'), { timeout: 10_000 }).toBe(1);
  ahead = 3_600_001;
  const { code, stdout, stderr } = await running;
  expect(stderr).toMatch(/^the source is archived and is being restored, .* ferry resume goes on later\.\n/);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^✓ copied /)]);
  expect(rig.twin.store.keys('backup')).toEqual(['old.tar']);
});

it('shows the restore in a dry run, and asks for none', async () => {
  await rig.twin.store.put('photos', 'cold.tar', { body: 'old', storageClass: 'DEEP_ARCHIVE' });
  const before = rig.twin.requests.count('RestoreObject');
  const { code, stdout } = await rig.run('cp', 's3://photos/cold.tar', 's3://backup/', '--restore', '3', '--dry-run');
  expect([code, stdout]).toEqual([0, expect.stringContaining('RestoreObject')]);
  expect(stdout).toContain('s3:RestoreObject on photos');
  expect(rig.twin.requests.count('RestoreObject')).toBe(before);
});

it('refuses a tier without days', async () => {
  const outcome = await rig.run('cp', 's3://photos/a', 's3://backup/', '--restore-tier', 'Bulk');
  expect(outcome).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--restore-tier needs --restore') as string,
  });
});
