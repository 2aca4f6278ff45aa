import type { Json } from './json.ts';

/**
 * Every code that a caller can meet, with the HTTP status it answers and whether the same call may succeed later.
 * The codes are public: doors, docs and agents rely on them.
 */
export const errorCatalogue = {
  'input.invalid': { status: 400, retryable: false },
  'input.too_large': { status: 413, retryable: false },
  'auth.missing': { status: 401, retryable: false },
  'auth.invalid': { status: 401, retryable: false },
  'auth.expired': { status: 401, retryable: false },
  'auth.issuer_unavailable': { status: 503, retryable: true },
  'auth.forbidden': { status: 403, retryable: false },
  'calls.too_many': { status: 429, retryable: true },
  'route.unknown': { status: 404, retryable: false },
  'method.not_allowed': { status: 405, retryable: false },
  'journey.unknown': { status: 404, retryable: false },
  'journey.exists': { status: 409, retryable: false },
  'journey.not_active': { status: 409, retryable: false },
  'journey.not_completed': { status: 409, retryable: false },
  'journey.not_paused': { status: 409, retryable: false },
  'journey.moved': { status: 409, retryable: false },
  'stage.unknown': { status: 422, retryable: false },
  'stage.final': { status: 409, retryable: false },
  'stage.first': { status: 409, retryable: false },
  'stage.not_earlier': { status: 409, retryable: false },
  'stage.transition_timed_out': { status: 504, retryable: true },
  'gate.shut': { status: 409, retryable: true },
  'work.unknown': { status: 404, retryable: false },
  'work.nothing_failed': { status: 409, retryable: false },
  'work.still_running': { status: 409, retryable: true },
  'task.superseded': { status: 409, retryable: false },
  'task.not_asked': { status: 409, retryable: false },
  'task.answered': { status: 409, retryable: false },
  'task.input_invalid': { status: 422, retryable: false },
  'task.output_invalid': { status: 422, retryable: false },
  'task.output_missing': { status: 422, retryable: false },
  'task.timed_out': { status: 504, retryable: true },
  'unit.timed_out': { status: 504, retryable: true },
  'task.failed': { status: 502, retryable: true },
  'task.rejected': { status: 422, retryable: false },
  'agent.none': { status: 404, retryable: true },
  'agent.unreachable': { status: 502, retryable: true },
  'evidence.kind_unknown': { status: 422, retryable: false },
  'evidence.value_invalid': { status: 422, retryable: false },
  'evidence.from_future': { status: 422, retryable: false },
  'evidence.source_not_accepted': { status: 403, retryable: false },
  'report.unreadable': { status: 422, retryable: false },
  'approval.unknown': { status: 404, retryable: false },
  'approval.not_open': { status: 409, retryable: false },
  'approval.already_asked': { status: 409, retryable: false },
  'approval.not_ready': { status: 409, retryable: true },
  'approval.stale': { status: 409, retryable: true },
  'approval.expired': { status: 409, retryable: true },
  'approval.by_initiator': { status: 403, retryable: false },
  'approval.by_agent': { status: 403, retryable: false },
  'approval.not_an_approver': { status: 403, retryable: false },
  'approval.already_counted': { status: 409, retryable: false },
  'delivery.unknown': { status: 404, retryable: false },
  'delivery.not_dead': { status: 409, retryable: false },
  'override.unknown': { status: 404, retryable: false },
  'override.pending': { status: 409, retryable: false },
  'override.stale': { status: 409, retryable: true },
  'override.expired': { status: 409, retryable: true },
  'override.by_agent': { status: 403, retryable: false },
  'override.by_requester': { status: 403, retryable: false },
  'token.unknown': { status: 404, retryable: false },
  'token.exists': { status: 409, retryable: false },
  'config.unknown': { status: 404, retryable: false },
  'config.invalid': { status: 422, retryable: false },
  'config.strands': { status: 409, retryable: false },
  'person.unknown': { status: 404, retryable: false },
  'person.not_allowed': { status: 403, retryable: false },
  'slack.unavailable': { status: 503, retryable: true },
  'event_store.off': { status: 409, retryable: false },
  'event_store.unavailable': { status: 503, retryable: true },
  'event_store.not_parked': { status: 409, retryable: false },
  'idempotency.conflict': { status: 409, retryable: false },
  'settings.invalid': { status: 500, retryable: false },
  'data_dir.in_use': { status: 503, retryable: true },
  'orchestrator.overloaded': { status: 503, retryable: true },
  'store.unavailable': { status: 503, retryable: true },
  internal: { status: 500, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof errorCatalogue;
export type ErrorDetails = { readonly [key: string]: Json };

/** An expected "no": a value, not an exception. The message says what is so, the hint what to do next. */
export type Refusal = {
  readonly refused: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details?: ErrorDetails;
};

export function refuse(code: ErrorCode, message: string, hint?: string, details?: ErrorDetails): Refusal {
  return {
    refused: code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  };
}

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' &&
  value !== null &&
  'refused' in value &&
  typeof value.refused === 'string' &&
  Object.hasOwn(errorCatalogue, value.refused);

/** The one exception class: what an adapter or a door throws when it cannot go on, with the code that callers see. */
export class JourneyError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly hint: string | undefined;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode, message: string, hint?: string, details?: ErrorDetails, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JourneyError';
    this.code = code;
    this.status = errorCatalogue[code].status;
    this.retryable = errorCatalogue[code].retryable;
    this.hint = hint;
    this.details = details;
  }

  static of(refusal: Refusal): JourneyError {
    return new JourneyError(refusal.refused, refusal.message, refusal.hint, refusal.details);
  }
}
