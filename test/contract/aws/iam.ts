/** As much of IAM as the template's roles use: which statement allows a request. */
import type { Packaged } from './template.ts';

export interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, string[]>>;
}

/** An action on a resource, and what the request tells besides (`s3:prefix`). */
export interface Access {
  action: string;
  resource: string;
  context?: Record<string, string>;
}

export function statementsOf(role: Record<string, unknown>): Statement[] {
  const policies = role['Policies'] as { PolicyDocument: { Statement: Statement[] } }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

export function roleOf({ resources }: Packaged, name: string): Statement[] {
  const role = resources[`${name}Role`];
  if (!role) throw new Error(`the template has no role of ${name}`);
  return statementsOf(role.Properties);
}

/** ARNs as on AWS in general; what is no text (an `Fn::GetAtt`) is none of a bucket. */
export function arnsOf({ Resource }: Statement): string[] {
  return [Resource].flat().flatMap((one) => {
    const text = typeof one === 'object' && one !== null && 'Fn::Sub' in one ? one['Fn::Sub'] : one;
    return typeof text === 'string' ? [text.replace('${AWS::Partition}', 'aws')] : [];
  });
}

/** @throws Error for an effect or a condition that is not known here. */
export function allows(statement: Statement, { action, resource, context = {} }: Access): boolean {
  const { Effect, Action, Condition = {} } = statement;
  if (Effect !== 'Allow') throw new Error(`nothing is known here of ${Effect}`);
  if (![Action].flat().includes(action) || !arnsOf(statement).some((arn) => isLike(resource, arn))) return false;
  return Object.entries(Condition).every(([operator, wanted]) => {
    if (operator !== 'StringLikeIfExists') throw new Error(`nothing is known here of ${operator}`);
    return Object.entries(wanted).every(([name, patterns]) => {
      const value = context[name];
      return value === undefined || patterns.some((pattern) => isLike(value, pattern));
    });
  });
}

function isLike(text: string, pattern: string): boolean {
  const escaped = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's').test(text);
}
