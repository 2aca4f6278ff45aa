import type { ErrorCode } from '#core/errors.ts';

/** What a model may do about a refusal, in the words of the tools. */
const steps: Readonly<Partial<Record<ErrorCode, string>>> = {
  'input.invalid': 'Correct the arguments that are named and call the same tool again.',
  'auth.forbidden': 'Ask a person: this token may not do that. Do not try again.',
  'journey.unknown': 'list_journeys shows the clients that there are; start_journey begins a new one.',
  'journey.exists': 'get_journey shows the journey that there is.',
  'journey.not_active': 'get_journey shows its status.',
  'journey.moved': 'get_journey, and then decide again.',
  'stage.unknown': 'get_journey names the stages; so does the resource config://stages.',
  'stage.final': 'Nothing: the last stage has no exit.',
  'stage.first': 'retry_tasks starts failed work again.',
  'stage.not_earlier': 'get_journey names the completed stages: take one of them.',
  'gate.shut': 'check_exit_criteria says what is missing.',
  'work.unknown': 'list_work names the units of work.',
  'work.nothing_failed': 'list_work shows the tasks.',
  'work.still_running': 'list_work shows the tasks; wait for them.',
  'task.superseded': 'Drop this task, and claim_task another.',
  'task.input_invalid': 'list_work shows the task and what it needs.',
  'task.output_invalid': 'Correct the output and call complete_task again: the task is still yours.',
  'task.output_missing': 'Call complete_task again with an output: the task is still yours.',
  'agent.none': 'find_agents shows which agents there are.',
  'agent.unreachable': 'find_agents shows which agents answer.',
  'evidence.kind_unknown': 'record_evidence with one of the kinds that are named.',
  'evidence.value_invalid': 'record_evidence with a value of that kind.',
  'evidence.from_future': 'record_evidence with the time of the observation.',
  'evidence.source_not_accepted': 'Ask a person for a token that names this kind. Do not record another kind instead.',
  'approval.not_open': 'get_journey shows the request.',
  'approval.already_asked': 'Wait: get_journey shows when somebody has decided.',
  'approval.not_ready': 'check_exit_criteria says what is missing.',
  'approval.by_agent': 'Wait for a person.',
  'idempotency.conflict': 'Take a new idempotency_key for a new request.',
  'orchestrator.overloaded': 'Wait some seconds and call the same tool again.',
  'store.unavailable': 'Wait some seconds and call the same tool again.',
};

export const nextToolAfter = (code: ErrorCode): string | undefined => steps[code];
