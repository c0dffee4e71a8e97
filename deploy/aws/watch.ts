/** Alarms, and the metric of failed jobs. */
import type { Queue } from './queues.ts';
import { queueNames } from './queues.ts';
import type { FunctionName, NamedStage } from './stage.ts';
import { capital, functionName, functionNames, service } from './stage.ts';

/** CloudFormation of every alarm and of the metric that one of them needs. */
export function watchResources(stage: NamedStage) {
  const failedJobs = failedJobsOf(stage);
  return {
    ...Object.fromEntries(queueNames.flatMap((name) => queueAlarms(stage, name))),
    ...Object.fromEntries(functionNames.flatMap((name) => functionWatch(stage, name))),
    FailedJobsAlarm: alarm(stage, 'A job has failed; `message = "job failed"` in the logs tells which.', {
      Namespace: failedJobs.MetricNamespace,
      MetricName: failedJobs.MetricName,
      Statistic: 'Sum',
    }),
  };
}

function alarm({ alarmTopic }: NamedStage, AlarmDescription: string, metric: Record<string, unknown>) {
  const Properties = {
    AlarmDescription,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 0,
    EvaluationPeriods: 1,
    Period: 300,
    TreatMissingData: 'notBreaching',
    ...metric,
    ...(alarmTopic && { AlarmActions: [alarmTopic], OKActions: [alarmTopic] }),
  };
  return { Type: 'AWS::CloudWatch::Alarm', Properties };
}

function queueAlarms(stage: NamedStage, name: Queue): [string, ReturnType<typeof alarm>][] {
  const of = (id: string) => ({
    Namespace: 'AWS/SQS',
    Statistic: 'Maximum',
    Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } }],
  });
  const dead = { MetricName: 'ApproximateNumberOfMessagesVisible', ...of(`${name}DeadLetters`) };
  const age = { MetricName: 'ApproximateAgeOfOldestMessage', ...of(`${name}Queue`), Threshold: 3600 };
  return [
    [`${name}DeadLettersAlarm`, alarm(stage, `${name}: there are dead letters; see docs/aws.md, Redrive.`, dead)],
    [`${name}AgeAlarm`, alarm(stage, `${name}: the oldest message has waited for more than an hour.`, age)],
  ];
}

/** Metric of the log line that `lib/copy/row/move.ts` writes when a job ends. */
const failedJobsOf = ({ name }: NamedStage) => ({ MetricNamespace: `${service}/${name}`, MetricName: 'FailedJobs' });

function functionWatch(stage: NamedStage, name: FunctionName): [string, { Type: string; Properties: object }][] {
  const Dimensions = [{ Name: 'FunctionName', Value: functionName(stage, name) }];
  const errors = { Namespace: 'AWS/Lambda', MetricName: 'Errors', Statistic: 'Sum', Dimensions };
  const filter = {
    LogGroupName: { Ref: `${capital(name)}LogGroup` },
    FilterPattern: '{ $.message = "job failed" }',
    MetricTransformations: [{ ...failedJobsOf(stage), MetricValue: '1' }],
  };
  return [
    [`${capital(name)}ErrorsAlarm`, alarm(stage, `${name}: an invocation failed or ran out of time.`, errors)],
    [`${capital(name)}FailedJobs`, { Type: 'AWS::Logs::MetricFilter', Properties: filter }],
  ];
}
