import { createHash } from 'node:crypto';
import type { Task } from '../../copy/model/task.ts';

/** Names what the task is about, and not how it came to be sent: the same when the sweep sends it again. */
export function nameOf(task: Task): string {
  switch (task.kind) {
    case 'copy':
      return `copy ${task.jobId ?? digestOf(task.request)}`;
    case 'parts':
      return `parts ${task.jobId} ${task.from}`;
    case 'finish':
      return `finish ${task.jobId}`;
    case 'read':
      return `read ${task.batchId} ${task.range}`;
    case 'page':
      return `page ${task.batchId} ${task.page}`;
    case 'check':
      return `check ${task.batchId}`;
    case 'total':
      return `total ${task.batchId}`;
  }
}

function digestOf(request: object): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 32);
}
