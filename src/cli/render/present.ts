import type { z } from 'zod';
import type { AnyUseCase, UseCase } from '#application/use-case.ts';
import { checkAgents } from '#application/use-cases/check-agents.ts';
import { checkConfig } from '#application/use-cases/check-config.ts';
import { checkServer } from '#application/use-cases/check-server.ts';
import { checkSlack } from '#application/use-cases/check-slack.ts';
import { createToken } from '#application/use-cases/create-token.ts';
import { diffConfig } from '#application/use-cases/diff-config.ts';
import { importEvidence } from '#application/use-cases/import-evidence.ts';
import { lintConfig } from '#application/use-cases/lint-config.ts';
import { explainJourney } from '#application/use-cases/explain-journey.ts';
import { listApprovals } from '#application/use-cases/list-approvals.ts';
import { listDeliveries } from '#application/use-cases/list-deliveries.ts';
import { listJourneys } from '#application/use-cases/list-journeys.ts';
import { listPeople } from '#application/use-cases/list-people.ts';
import { listTokens } from '#application/use-cases/list-tokens.ts';
import { recordEvidence } from '#application/use-cases/record-evidence.ts';
import { showAudit } from '#application/use-cases/show-audit.ts';
import { showConfig } from '#application/use-cases/show-config.ts';
import { showDelivery } from '#application/use-cases/show-delivery.ts';
import { showEvidence } from '#application/use-cases/show-evidence.ts';
import { showHistory } from '#application/use-cases/show-history.ts';
import { showTaskLog } from '#application/use-cases/show-task-log.ts';
import { showWork } from '#application/use-cases/show-work.ts';
import { startJourney } from '#application/use-cases/start-journey.ts';
import { validateExit } from '#application/use-cases/validate-exit.ts';
import { verifyStore } from '#application/use-cases/verify-store.ts';
import { JourneyView } from '#application/view.ts';
import * as access from './access.ts';
import * as answers from './answers.ts';
import { clean } from './clean.ts';
import * as config from './config.ts';
import { deliveryLines, deliveriesLines } from './deliveries.ts';
import { importedLines } from './evidence.ts';
import { doctorLines } from './doctor.ts';
import { journeyLines } from './journey.ts';
import type { Paper } from './paper.ts';
import { peopleLines, slackLines } from './slack.ts';
import { anyLines } from './values.ts';

type Lines = readonly string[];
type Presenter = (paper: Paper, value: unknown) => Lines | undefined;

/** Presents what has the expected shape, and nothing else: a newer server may answer differently. */
const shaped =
  <O extends z.ZodType>(output: O, lines: (paper: Paper, value: z.output<O>) => Lines): Presenter =>
  (paper, value) => {
    const parsed = output.safeParse(value);
    return parsed.success ? lines(paper, parsed.data) : undefined;
  };

const by = <I extends z.ZodType, O extends z.ZodType>(
  useCase: UseCase<I, O>,
  lines: (paper: Paper, value: z.output<O>) => Lines,
): readonly [string, Presenter] => [useCase.name, shaped(useCase.output, lines)];

const presenters: ReadonlyMap<string, Presenter> = new Map([
  by(startJourney, answers.startLines),
  by(listJourneys, answers.listLines),
  by(explainJourney, answers.whyLines),
  by(showHistory, answers.historyLines),
  by(validateExit, answers.exitLines),
  by(showWork, answers.workLines),
  by(showTaskLog, answers.logLines),
  by(recordEvidence, answers.recordedLines),
  by(importEvidence, importedLines),
  by(showEvidence, answers.evidenceLines),
  by(listApprovals, answers.approvalsLines),
  by(checkAgents, answers.agentLines),
  by(listDeliveries, deliveriesLines),
  by(showDelivery, deliveryLines),
  by(createToken, access.tokenLines),
  by(listTokens, access.tokensLines),
  by(showAudit, access.auditLines),
  by(showConfig, config.configLines),
  by(checkConfig, config.checkLines),
  by(diffConfig, config.diffLines),
  by(lintConfig, config.lintLines),
  by(verifyStore, answers.verifyLines),
  by(listPeople, peopleLines),
  by(checkSlack, slackLines),
  by(checkServer, doctorLines),
]);

const journeyPresenter = shaped(JourneyView, journeyLines);

/** An answer for people: by the use-case's own presenter, as a journey where it is one, or else as it comes. */
export function present(paper: Paper, { name, output }: AnyUseCase, value: unknown): Lines {
  const safe = clean(value);
  const presenter = presenters.get(name) ?? (output === JourneyView ? journeyPresenter : undefined);
  return presenter?.(paper, safe) ?? anyLines(paper, safe);
}
