import { finding, type Finding } from './findings.ts';
import type { LintedFiles } from './lint.ts';
import { allowedText } from './nearest.ts';

/** Routes of notices that nothing ever takes. */
export function lintRoutes({ notifications, stages }: LintedFiles): readonly Finding[] {
  const ids = stages.map(({ stage_id }) => stage_id);
  return notifications.notifications.routes.flatMap(({ route_id, stages: named = [] }) =>
    named
      .filter((stage) => !ids.includes(stage))
      .map((stage) =>
        finding(
          'notifications.stage_unknown',
          `notifications.routes[${route_id}].stages`,
          `There is no stage ${stage}.`,
          `Name one of stages.yaml: ${allowedText(stage, ids)}`,
        ),
      ),
  );
}
