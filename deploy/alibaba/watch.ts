/** Logs of the functions, and alarms. */
import type { NamedStage, Resource, Resources } from './stage.ts';
import { deadLetters, get, logProject, logstore, service } from './stage.ts';

const logDays = 14;

export function watch(stage: NamedStage): Resources {
  return {
    LogProject: { Type: 'ALIYUN::SLS::Project', Properties: { Name: logProject(stage), Description: service } },
    Logstore: {
      Type: 'ALIYUN::SLS::Logstore',
      Properties: {
        ProjectName: get('LogProject', 'Name'),
        LogstoreName: logstore,
        TTL: logDays,
        ShardCount: 1,
        AutoSplit: true,
        MaxSplitShard: 16,
        AppendMeta: true,
      },
    },
    // Without an index nothing can be searched for, by people or by alarms.
    LogIndex: {
      Type: 'ALIYUN::SLS::Index',
      Properties: {
        ProjectName: get('LogProject', 'Name'),
        LogstoreName: get('Logstore', 'LogstoreName'),
        FullTextIndex: {
          Enable: true,
          CaseSensitive: false,
          IncludeChinese: false,
          Delimiter: ', \'";=()[]{}?@&<>/:\n\t\r',
        },
      },
    },
    FailedJobsAlert: alert(stage, 'failed-jobs', 'A job has failed; the log says which and why.', '"job failed"'),
    FailedInvocationsAlert: alert(
      stage,
      'failed-invocations',
      'An invocation failed, or a message has used up its deliveries; the log says why.',
      '"an invocation failed" or "a message has used up its deliveries"',
    ),
    ...(stage.alarmContacts !== undefined && { DeadLettersAlarm: deadLettersAlarm(stage, stage.alarmContacts) }),
  };
}

/** Looks at the last five minutes, every five minutes. */
function alert(stage: NamedStage, name: string, text: string, query: string): Resource {
  const { region, alarmPolicy } = stage;
  return {
    Type: 'ALIYUN::SLS::Alert',
    Properties: {
      Project: get('LogProject', 'Name'),
      Detail: {
        Name: `${service}-${name}`,
        DisplayName: `${service} ${stage.name}: ${name}`,
        Description: text,
        State: 'Enabled',
        Schedule: { Type: 'FixedRate', Interval: '5m' },
        Configuration: {
          Type: 'default',
          Version: '2.0',
          Dashboard: 'internal-alert-analysis',
          QueryList: [
            {
              StoreType: 'log',
              Project: get('LogProject', 'Name'),
              Store: get('Logstore', 'LogstoreName'),
              Region: region,
              Query: `${query} | select count(1) as n`,
              TimeSpanType: 'Truncated',
              Start: '-5m',
              End: 'absolute',
            },
          ],
          GroupConfiguration: { Type: 'no_group' },
          SeverityConfigurations: [{ Severity: 8, EvalCondition: { Condition: 'n > 0', CountCondition: '' } }],
          Annotations: [{ Key: 'desc', Value: text }],
          Threshold: 1,
          NoDataFire: false,
          SendResolved: false,
          ...(alarmPolicy && {
            PolicyConfiguration: {
              AlertPolicyId: 'sls.builtin.dynamic',
              ActionPolicyId: alarmPolicy,
              RepeatInterval: '5m',
            },
          }),
        },
      },
    },
    DependsOn: ['LogIndex'],
  };
}

function deadLettersAlarm(stage: NamedStage, contacts: string): Resource {
  return {
    Type: 'ALIYUN::CMS::ResourceMetricRule',
    Properties: {
      RuleName: deadLetters(stage),
      Namespace: 'acs_mns_new',
      MetricName: 'ActiveMessages',
      Resources: [{ region: stage.region, queue: deadLetters(stage) }],
      ContactGroups: [contacts],
      Period: 300,
      Escalations: {
        Critical: { ComparisonOperator: 'GreaterThanThreshold', Threshold: '0', Times: 1, Statistics: 'Average' },
      },
    },
    DependsOn: ['DeadLetters'],
  };
}
