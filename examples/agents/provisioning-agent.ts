// An example of an A2A agent: it sets up sandboxes. The work is pretended, the protocol is real.
//   node examples/agents/provisioning-agent.ts --port 4101 [--work-ms 1500] [--fail-first run_security_scan]
import { provisioningSkills } from './provisioning-skills.ts';
import { runAgent } from './run-agent.ts';

await runAgent({
  name: 'provisioning-agent',
  description: 'Sets up sandboxes: environment, connectors, test data and a security scan. An example.',
  defaultPort: 4101,
  skills: provisioningSkills,
});
