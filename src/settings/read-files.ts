import type { z } from 'zod';
import { pathText } from '#validators/describe-issue.ts';
import { isDiscovering } from './agents.ts';
import { checkAgents } from './check-agents.ts';
import { checkStages } from './check-stages.ts';
import { checkTemplates } from './check-templates.ts';
import { collectorsFile, type CollectorsFile } from './collectors-file.ts';
import { configFiles, optionalFiles, type ConfigFile, type ConfigTexts } from './config-texts.ts';
import {
  agentsFile,
  orchestratorFile,
  stagesFile,
  templatesFile,
  type AgentsFile,
  type OrchestratorFile,
  type StageDocument,
  type TemplatesFile,
} from './file-schemas.ts';
import { checkNotifications, notificationsFile, type NotificationsFile } from './notifications-file.ts';
import { overlay, type Overlaid, type Tree } from './overlay.ts';
import type { Problem } from './problem.ts';
import type { Given } from './read-variables.ts';
import { parseYaml } from './read-yaml.ts';
import { problemsOf, type Locate } from './zod-problems.ts';

export type FilesRead = {
  readonly problems: readonly Problem[];
  readonly differing: readonly Problem[];
  /** Undefined where there is any problem. */
  readonly files?: {
    readonly orchestrator: OrchestratorFile;
    readonly stages: readonly StageDocument[];
    readonly templates: TemplatesFile;
    readonly agents: AgentsFile;
    readonly collectors: CollectorsFile;
    readonly notifications: NotificationsFile;
  };
  /** What the files say, with the variables put in, before defaults. */
  readonly trees: ReadonlyMap<string, Tree>;
  readonly overlaid: Overlaid;
};

/** The YAML files with the given variables put above them, checked one by one and against each other. */
export function readFiles(texts: ConfigTexts, given: ReadonlyMap<string, Given>): FilesRead {
  const { trees, problems: unreadable } = readTrees(texts);
  const overlaid = overlay(trees, given);
  const problems: Problem[] = [...unreadable, ...overlaid.problems];
  const locateIn = (file: ConfigFile): Locate => locate(texts.get(file)?.path ?? file, file, overlaid);
  const parse = <S extends z.ZodType>(file: ConfigFile, schema: S): z.output<S> | undefined => {
    const tree = trees.get(file);
    if (!tree) return undefined;
    const parsed = schema.safeParse(tree.root);
    if (parsed.success) return parsed.data;
    problems.push(...problemsOf(parsed.error, schema, tree.root, locateIn(file)));
    return undefined;
  };
  const orchestrator = parse('journey-orchestrator.yaml', orchestratorFile);
  const parsedStages = parse('stages.yaml', stagesFile)?.stages;
  const templates = parse('unit-of-work-templates.yaml', templatesFile);
  // Agents may also be found elsewhere, or pull their work: without the file nobody is named.
  const agents = trees.has('agents.yaml') ? parse('agents.yaml', agentsFile) : agentsFile.parse({});
  const collectors = trees.has('collectors.yaml') ? parse('collectors.yaml', collectorsFile) : collectorsFile.parse({});
  const notifications = trees.has('notifications.yaml')
    ? parse('notifications.yaml', notificationsFile)
    : notificationsFile.parse({});

  const checked = parsedStages && checkStages(parsedStages, locateIn('stages.yaml'));
  problems.push(...(checked?.problems ?? []));
  if (templates && checked)
    problems.push(...checkTemplates(templates.templates, checked.stages, locateIn('unit-of-work-templates.yaml')));
  if (notifications) problems.push(...checkNotifications(notifications, locateIn('notifications.yaml')));
  if (agents) problems.push(...checkAgents(agents, locateIn('agents.yaml'), isDiscovering(agents, given)));

  const complete =
    problems.length === 0 && orchestrator && checked && templates && agents && collectors && notifications;
  const files = complete
    ? { files: { orchestrator, stages: checked.stages, templates, agents, collectors, notifications } }
    : {};
  return { problems, differing: overlaid.differing, trees, overlaid, ...files };
}

function readTrees(texts: ConfigTexts): { readonly trees: Map<string, Tree>; readonly problems: readonly Problem[] } {
  const trees = new Map<string, Tree>();
  const problems: Problem[] = [];
  const problem = (where: string, allowed: string): void => void problems.push({ where, path: '', allowed });
  for (const name of configFiles) {
    const seen = texts.get(name);
    if (!seen) continue;
    if (seen.state === 'missing') {
      if (!optionalFiles.includes(name))
        problem(
          seen.path,
          'there is no such file; JOURNEY_CONFIG_DIR names the folder (an installed package has one to begin with: journey-orchestrator init)',
        );
    } else if (seen.state === 'bad') problem(seen.path, seen.why);
    else {
      const parsed = parseYaml(seen.path, seen.text);
      if (parsed.state === 'read') trees.set(name, { file: seen.path, root: parsed.tree });
      else problems.push(parsed.problem);
    }
  }
  return { trees, problems };
}

/** A value that a variable has put there is the variable's, not the file's. */
function locate(shownFile: string, file: ConfigFile, { origins }: Overlaid): Locate {
  return (path) => {
    const text = pathText(path);
    const variable = origins.get(`${file} ${text}`);
    return variable ? { where: variable.source, path: variable.name } : { where: shownFile, path: text };
  };
}
