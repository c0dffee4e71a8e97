/**
 * Messages of Alibaba Cloud's Simple Message Queue (MNS), which OSS event rules send: JSON or XML around a message, or the
 * message alone; the message itself is base64 or not, as the subscription says.
 */
import { at, isObject, parsed, textAt } from './json.ts';

export function isMnsNotification(body: unknown): boolean {
  return textAt(body, 'Message') !== undefined && textAt(body, 'TopicName') !== undefined;
}

/** An EventBridge stream hands on the messages of a queue so. */
export function isMnsQueueEvent(body: unknown): boolean {
  return /^acs[:.]mns$/.test(textAt(body, 'source') ?? '') && at(body, 'data', 'messageBody') !== undefined;
}

/** What a text is that is not JSON: a notification in XML, or base64 of JSON. Undefined for anything else. */
export function parsedMns(input: unknown): unknown {
  const text = input instanceof Uint8Array ? Buffer.from(input).toString('utf8') : input;
  if (typeof text !== 'string') return undefined;
  return fromXml(text) ?? fromBase64(text.trim());
}

function fromXml(text: string): unknown {
  if (!text.trimStart().startsWith('<') || !text.includes('<Notification')) return undefined;
  const field = (name: string): string | undefined => {
    const from = text.indexOf(`<${name}>`);
    const to = from < 0 ? -1 : text.indexOf(`</${name}>`, from);
    return to < 0 ? undefined : plain(text.slice(from + name.length + 2, to));
  };
  const [TopicName, Message] = [field('TopicName'), field('Message')];
  return Message === undefined ? undefined : { TopicName, Message };
}

const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function plain(text: string): string {
  return text.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? '');
}

function fromBase64(text: string): unknown {
  if (text.length < 4 || !/^[A-Za-z0-9+/\r\n]+={0,2}$/.test(text)) return undefined;
  const found = parsed(Buffer.from(text, 'base64').toString('utf8'));
  return isObject(found) || Array.isArray(found) ? found : undefined;
}
