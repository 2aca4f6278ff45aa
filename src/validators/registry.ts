import bugWindow from './bug-window.validator.ts';
import connectorStatus from './connector-status.validator.ts';
import demoApproval from './demo-approval.validator.ts';
import performanceSla from './performance-sla.validator.ts';
import searchQuality from './search-quality.validator.ts';
import securityScan from './security-scan.validator.ts';
import userSatisfaction from './user-satisfaction.validator.ts';
import type { Validator } from './validator.ts';

const all: readonly Validator[] = [
  connectorStatus,
  searchQuality,
  securityScan,
  demoApproval,
  userSatisfaction,
  bugWindow,
  performanceSla,
];

/** Every validator that stages.yaml may name, by that name. */
export const validators: ReadonlyMap<string, Validator> = new Map(all.map((validator) => [validator.name, validator]));
