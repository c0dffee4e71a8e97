/** Messages of Amazon SNS that are about the subscription itself, not about an object. */
import { GiveUp } from '../../copy/model/errors.ts';
import { shortText } from './bounds.ts';
import { textAt } from './json.ts';

const types = ['SubscriptionConfirmation', 'UnsubscribeConfirmation'] as const;

/** Which of the two a message is; undefined for any other. */
export function subscriptionMessage(body: unknown): (typeof types)[number] | undefined {
  if (textAt(body, 'TopicArn') === undefined || textAt(body, 'Token') === undefined) return undefined;
  return types.find((type) => type === textAt(body, 'Type'));
}

/** @throws GiveUp BadRequest always: a message that a person has to act on. Says what to do. */
export function refuseSubscriptionMessage(body: unknown): never {
  const topic = shortText(textAt(body, 'TopicArn') ?? '');
  if (subscriptionMessage(body) === 'UnsubscribeConfirmation') {
    const what = `SNS ended the subscription of ${topic}: its events no longer come`;
    throw new GiveUp('BadRequest', `${what}. Subscribe again if that was a mistake, then run \`ferry reconcile\`.`);
  }
  const what = `SNS asks to confirm the subscription to ${topic}, and no event comes before that`;
  const how = 'Open the SubscribeURL of this message if the topic is yours';
  throw new GiveUp(
    'BadRequest',
    `${what}. ${how}, or name the topic in \`snsTopics\` and request the confirmation again.`,
  );
}
