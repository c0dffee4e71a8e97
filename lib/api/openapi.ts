import * as z from 'zod';
import { problemKinds } from './http/problem.ts';
import type { Route } from './model/route.ts';
import { routes } from './routes.ts';
import { problemView } from './views/job.ts';

type Json = Record<string, unknown>;

let cached: Json | undefined;

/** The OpenAPI 3.1 description of `routes`, generated from the schemas that validate. */
export function openApiDocument(): Json {
  cached ??= build();
  return cached;
}

function build(): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, schemas) };
  }
  const problem = { $ref: refTo(problemView, schemas, 'output') };
  return {
    openapi: '3.1.0',
    info: {
      title: 'object-ferry',
      version: '1',
      summary: 'Copies, renames and re-tags objects inside OSS and S3 stores by server-side copy.',
      description:
        'Call with a bearer key, or sign requests as Standard Webhooks describes: over the body, or over `METHOD path?query` where there is none. ' +
        `Errors are RFC 9457 problems; their types are ${Object.keys(problemKinds).join(', ')}.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'jobs', description: 'One object to one destination each.' },
      { name: 'batches', description: 'Many objects from one request.' },
      { name: 'rules', description: 'Replication by rules of the configuration.' },
    ],
    security: [{ bearer: [] }, { signature: [] }],
    paths,
    components: {
      schemas,
      responses: {
        Problem: { description: 'What went wrong.', content: { 'application/problem+json': { schema: problem } } },
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'webhook-signature',
          description:
            'Standard Webhooks, with webhook-id and webhook-timestamp. The webhook-id is the idempotency key.',
        },
      },
    },
  };
}

function operation(route: Route, schemas: Json): Json {
  const responses: Json = {};
  for (const { status, description, view } of route.answers) {
    responses[status] = {
      description,
      ...(route.body ? { headers: { Location: { description: 'Path of the job.', schema: { type: 'string' } } } } : {}),
      content: { 'application/json': { schema: { $ref: refTo(view, schemas, 'output') } } },
    };
  }
  return {
    operationId: route.name,
    summary: route.summary,
    tags: [route.tag ?? 'jobs'],
    parameters: [
      ...pathParameters(route.path),
      ...queryParameters(route.query),
      ...(route.body ? [idempotencyKey] : []),
    ],
    ...(route.body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { $ref: refTo(route.body, schemas, 'input') } } },
      },
    }),
    responses: { ...responses, '4XX': problemRef, '5XX': problemRef },
  };
}

const problemRef = { $ref: '#/components/responses/Problem' };

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'The same key with the same body is the same job, however often it is sent.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
  }));
}

function queryParameters(query: z.ZodType): Json[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'input' }) as { properties?: Record<string, Json> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

/** Adds a schema, and those it refers to, to the components. @returns the reference to it */
function refTo(schema: z.ZodType, schemas: Json, io: 'input' | 'output'): string {
  const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { io }) as Json & { $defs?: Json };
  const id = schema.meta()?.id;
  if (id === undefined) throw new Error('a schema of the API needs an id');
  // A schema that others use, too, is already among the definitions.
  const definitions = { [id]: own, ...$defs };
  for (const [name, definition] of Object.entries(definitions)) schemas[name] = moved(definition);
  return `#/components/schemas/${id}`;
}

/** Definitions move from the schema's own document into the components, and so do the references to them. */
function moved(definition: unknown): unknown {
  const { id: _, ...rest } = JSON.parse(
    JSON.stringify(definition).replaceAll('#/$defs/', '#/components/schemas/'),
  ) as Json;
  return rest;
}
