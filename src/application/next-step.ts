import { z } from 'zod';
import type { JsonObject } from '#core/json.ts';
import type { ActionCall, NextAction } from '#core/explain/blocker.ts';

export const NextStep = z.object({
  text: z.string().describe('What to do, in words.'),
  use_case: z.string().nullable().describe('What does it here; null: nothing here, or only time.'),
  input: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('Its input as far as it is known; null stands for what is to be filled in.'),
  command: z.string().nullable().describe('The same on the command line.'),
});

export function nextStep(clientId: string, { text, call }: NextAction): z.input<typeof NextStep> {
  if (call === null) return { text, use_case: null, input: null, command: null };
  const { useCase, input, command } = wayTo(clientId, call);
  return { text, use_case: useCase, input: { ...input }, command: `journey-cli ${command}` };
}

type Way = { readonly useCase: string; readonly input: JsonObject; readonly command: string };

/** How the doors know what the core names: the use-case with its input, and what to type. */
function wayTo(client_id: string, call: ActionCall): Way {
  switch (call.does) {
    case 'answer_task':
      return {
        useCase: 'work.answer',
        input: { work_id: call.workId, task: call.taskId, answer: null },
        command: `answer --work-id=${call.workId} --task=${call.taskId} --answer name=…`,
      };
    case 'check_agents': {
      const { intent } = call;
      return { useCase: 'agents.check', input: { intent }, command: `check-agents --intent=${intent}` };
    }
    case 'confirm_override':
      return {
        useCase: 'journey.confirm_override',
        input: { override_id: call.overrideId },
        command: `confirm-override --override-id=${call.overrideId}`,
      };
    case 'decide_approval':
      return {
        useCase: 'approval.decide',
        input: { approval_id: call.approvalId, digest: call.digest, decision: null },
        command: `approve --client-id=${client_id}`,
      };
    case 'promote':
      return {
        useCase: 'journey.promote',
        input: { client_id, reason: null },
        command: `promote --client-id=${client_id} --reason=…`,
      };
    case 'provide_input':
      return {
        useCase: 'journey.provide_input',
        input: { client_id, inputs: Object.fromEntries(call.names.map((name) => [name, null])) },
        command: ['provide-input', `--client-id=${client_id}`, ...call.names.map((name) => `--input ${name}=…`)].join(
          ' ',
        ),
      };
    case 'record_evidence':
      return {
        useCase: 'evidence.record',
        input: { client_id, observations: [{ kind: call.kind, value: null }] },
        command: `evidence add --client-id=${client_id} --kind=${call.kind} --value=…`,
      };
    case 'request_approval':
      return {
        useCase: 'approval.request',
        input: { client_id },
        command: `request-approval --client-id=${client_id}`,
      };
    case 'resume':
      return {
        useCase: 'journey.resume',
        input: { client_id, reason: null },
        command: `resume --client-id=${client_id} --reason=…`,
      };
    case 'retry_tasks':
      return {
        useCase: 'work.retry',
        input: { work_id: call.workId },
        command: `retry-tasks --work-id=${call.workId}`,
      };
  }
}
