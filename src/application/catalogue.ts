import { activateConfig } from './use-cases/activate-config.ts';
import { answerTask } from './use-cases/answer-task.ts';
import { checkAgents } from './use-cases/check-agents.ts';
import { checkConfig } from './use-cases/check-config.ts';
import { checkServer } from './use-cases/check-server.ts';
import { checkSlack } from './use-cases/check-slack.ts';
import { claimTask } from './use-cases/claim-task.ts';
import { completeJourney } from './use-cases/complete-journey.ts';
import { confirmOverride } from './use-cases/confirm-override.ts';
import { completeTask } from './use-cases/complete-task.ts';
import { createToken } from './use-cases/create-token.ts';
import { decideApproval } from './use-cases/decide-approval.ts';
import { diffConfig } from './use-cases/diff-config.ts';
import { importEvidence } from './use-cases/import-evidence.ts';
import { lintConfig } from './use-cases/lint-config.ts';
import { listActivations } from './use-cases/list-activations.ts';
import { eraseClient } from './use-cases/erase-client.ts';
import { failTask } from './use-cases/fail-task.ts';
import { heartbeatTask } from './use-cases/heartbeat-task.ts';
import { explainJourney } from './use-cases/explain-journey.ts';
import { listApprovals } from './use-cases/list-approvals.ts';
import { listDeliveries } from './use-cases/list-deliveries.ts';
import { listJourneys } from './use-cases/list-journeys.ts';
import { listPeople } from './use-cases/list-people.ts';
import { listTokens } from './use-cases/list-tokens.ts';
import { mapPerson } from './use-cases/map-person.ts';
import { pauseJourney } from './use-cases/pause-journey.ts';
import { promote } from './use-cases/promote.ts';
import { provideInput } from './use-cases/provide-input.ts';
import { recordEvidence } from './use-cases/record-evidence.ts';
import { replayDeliveries } from './use-cases/replay-deliveries.ts';
import { replayDelivery } from './use-cases/replay-delivery.ts';
import { requestApproval } from './use-cases/request-approval.ts';
import { resumeEventStream } from './use-cases/resume-event-stream.ts';
import { resumeJourney } from './use-cases/resume-journey.ts';
import { retryTasks } from './use-cases/retry-tasks.ts';
import { revokeToken } from './use-cases/revoke-token.ts';
import { rollBack } from './use-cases/roll-back.ts';
import { showAudit } from './use-cases/show-audit.ts';
import { showConfig } from './use-cases/show-config.ts';
import { showConfigSchema } from './use-cases/show-config-schema.ts';
import { showDelivery } from './use-cases/show-delivery.ts';
import { showEvidence } from './use-cases/show-evidence.ts';
import { showHistory } from './use-cases/show-history.ts';
import { showJourney } from './use-cases/show-journey.ts';
import { showTaskLog } from './use-cases/show-task-log.ts';
import { showStages } from './use-cases/show-stages.ts';
import { showWork } from './use-cases/show-work.ts';
import { startJourney } from './use-cases/start-journey.ts';
import { unmapPerson } from './use-cases/unmap-person.ts';
import { validateExit } from './use-cases/validate-exit.ts';
import { verifyStore } from './use-cases/verify-store.ts';
import type { AnyUseCase } from './use-case.ts';

/** Everything that can be done, in the order in which help shows it. Every door is a projection of this list. */
export const catalogue: readonly AnyUseCase[] = [
  startJourney,
  listJourneys,
  showJourney,
  explainJourney,
  showHistory,
  validateExit,
  promote,
  confirmOverride,
  rollBack,
  pauseJourney,
  resumeJourney,
  completeJourney,
  provideInput,
  showWork,
  showTaskLog,
  retryTasks,
  answerTask,
  claimTask,
  heartbeatTask,
  completeTask,
  failTask,
  recordEvidence,
  importEvidence,
  showEvidence,
  listApprovals,
  decideApproval,
  requestApproval,
  checkAgents,
  showConfig,
  checkConfig,
  lintConfig,
  diffConfig,
  listActivations,
  activateConfig,
  showConfigSchema,
  listDeliveries,
  showDelivery,
  replayDelivery,
  replayDeliveries,
  showStages,
  createToken,
  listTokens,
  revokeToken,
  showAudit,
  eraseClient,
  verifyStore,
  checkServer,
  resumeEventStream,
  mapPerson,
  listPeople,
  unmapPerson,
  checkSlack,
];
