import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { problemKinds } from '../../../lib/api/http/problem.ts';
import { routes } from '../../../lib/api/routes.ts';
import { bench, json } from './fakes.ts';

describe('/openapi.json', () => {
  it('passes a public OpenAPI linter without a word', async () => {
    const { body } = await bench().call({
      method: 'GET',
      path: '/openapi.json',
      headers: { authorization: undefined },
    });
    const config = await createConfig({ extends: ['recommended-strict'] });
    const problems = await lintFromString({ source: body, absoluteRef: 'openapi.json', config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });

  it('would hear the linter complain', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const source = JSON.stringify({ openapi: '3.1.0', info: {}, paths: { '/x': { get: {} } } });
    expect(await lintFromString({ source, absoluteRef: 'openapi.json', config })).not.toEqual([]);
  });

  it('describes every route, with the limits that are enforced', async () => {
    const document = json(await bench().call({ method: 'GET', path: '/openapi.json' })) as {
      paths: Record<string, Record<string, unknown>>;
      components: { schemas: Record<string, { additionalProperties?: boolean; required?: string[] }> };
    };
    for (const { path, method } of routes) expect(document.paths[path]).toHaveProperty(method.toLowerCase());
    const { CopyRequest } = document.components.schemas;
    expect(CopyRequest).toMatchObject({ additionalProperties: false, required: ['source', 'destination'] });
    expect(JSON.stringify(document)).not.toContain('$defs');
  });
});

describe('/problems', () => {
  it('describes each kind where its type says', async () => {
    for (const [kind, { status, title }] of Object.entries(problemKinds)) {
      const response = await bench().call({ method: 'GET', path: `/problems/${kind}` });
      expect(json(response)).toEqual({ type: `/problems/${kind}`, status, title });
    }
  });

  it('does not describe what is none', async () => {
    expect((await bench().call({ method: 'GET', path: '/problems/constructor' })).status).toBe(404);
  });
});
