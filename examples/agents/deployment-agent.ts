// An example of an A2A agent: it takes a pilot to production. The work is pretended, the protocol is real.
//   node examples/agents/deployment-agent.ts --port 4102 [--work-ms 1500] [--fail-first setup_monitoring]
import { deploymentSkills } from './deployment-skills.ts';
import { runAgent } from './run-agent.ts';

await runAgent({
  name: 'deployment-agent',
  description: 'Takes a pilot to production: deployment, user access and monitoring. An example.',
  defaultPort: 4102,
  skills: deploymentSkills,
});
