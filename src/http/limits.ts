export type HttpLimits = {
  readonly body_bytes: number;
  /** How deep a body may nest; the body itself is level 1. */
  readonly json_depth: number;
  /** Keys of all objects of a body together. */
  readonly json_keys: number;
  /** Documents that are read at the same time, on each route that takes them. */
  readonly documents: number;
};

export const defaultHttpLimits: HttpLimits = { body_bytes: 262_144, json_depth: 20, json_keys: 5_000, documents: 8 };
