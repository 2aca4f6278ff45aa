/** Where variables come from. The only place that touches the process's environment, so that everything else is testable. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const environment = (): Environment => process.env;
