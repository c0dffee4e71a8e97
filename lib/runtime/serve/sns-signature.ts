/** Signatures of messages that Amazon SNS posts (SNS Developer Guide, "Verifying the signatures of Amazon SNS messages"). */
import { createVerify, X509Certificate } from 'node:crypto';
import { GiveUp } from '../../copy/model/errors.ts';

/** The fields of a message, all of them texts. */
export type SnsMessage = Readonly<Record<string, string | undefined>>;

/** Names in the order in which they are signed. */
const signed = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
const algorithms: Record<string, string> = { '1': 'RSA-SHA1', '2': 'RSA-SHA256' };

/** How old a message may be, and how far our clocks may differ; SNS itself tries again for about an hour. */
const oldestMs = 2 * 3_600_000;

/**
 * Checks that SNS has signed a message of this topic just now.
 *
 * @param read reads the certificate at a URL of the vendor
 * @throws GiveUp BadRequest that says what is wrong with it.
 */
export async function verifySnsMessage(
  message: SnsMessage,
  now: number,
  read: (url: URL) => Promise<string>,
): Promise<void> {
  const { Signature = '', SignatureVersion = '', Timestamp = '', TopicArn = '', SigningCertURL = '' } = message;
  const algorithm = algorithms[SignatureVersion];
  if (algorithm === undefined) throw refused(`its SignatureVersion is '${SignatureVersion.slice(0, 20)}', not 1 or 2`);
  const age = now - Date.parse(Timestamp);
  if (!(Math.abs(age) <= oldestMs))
    throw refused(`its Timestamp ${Timestamp.slice(0, 40)} is not of the last two hours`);
  const url = snsUrl(SigningCertURL, TopicArn);
  if (!url || !url.pathname.endsWith('.pem')) throw refused('its SigningCertURL is not at the SNS host of its region');
  const certificate = certificateOf(await read(url));
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))
    throw refused('the certificate that signed it is not valid now');
  const text = signed.flatMap((name) => (message[name] === undefined ? [] : [`${name}\n${message[name]}\n`])).join('');
  const isRight = createVerify(algorithm).update(text).verify(certificate.publicKey, Signature, 'base64');
  if (!isRight) throw refused('its signature is wrong');
}

/** The URL if it is at the SNS host of the topic's region, by HTTPS; undefined for any other. */
export function snsUrl(text: string, topicArn: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const region = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):/.exec(topicArn)?.[1];
  if (!url || region === undefined) return undefined;
  const hosts = [`sns.${region}.amazonaws.com`, `sns.${region}.amazonaws.com.cn`];
  const isPlain = url.username === '' && url.password === '' && url.port === '';
  return url.protocol === 'https:' && isPlain && hosts.includes(url.hostname) ? url : undefined;
}

function certificateOf(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw refused('the certificate that it names is none', error);
  }
}

function refused(why: string, cause?: unknown): GiveUp {
  return new GiveUp('BadRequest', `This SNS message cannot be trusted: ${why}.`, { cause });
}
