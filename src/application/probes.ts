/** A look at something that the settings name, at the live thing and without changing it: what `doctor` asks for. */
export type Probe = {
  /** What is looked at, as its users call it: `database`, `smtp`, `glean`. */
  readonly name: string;
  /** Never throws for what the other side does: that it cannot be reached is a finding. */
  readonly look: (signal: AbortSignal) => Promise<readonly Finding[]>;
};

export type Finding = {
  readonly state: 'ok' | 'warning' | 'failed' | 'off';
  /** What was found, with the values, and no secret. */
  readonly said: string;
  /** What to do about it; only where something is to be done. */
  readonly hint?: string;
};
