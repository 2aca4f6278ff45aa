/** The first Node that runs the product; what an older one lacks would be told by a stack trace. */
const OLDEST = 24;

/** Loads the program only where it can run: this file itself is plain enough for any Node of these years. */
export async function onThisNode(load: () => Promise<unknown>): Promise<void> {
  const { version, versions, stderr } = process;
  if (Number(versions.node.split('.')[0]) >= OLDEST) {
    await load();
    return;
  }
  stderr.write(
    `error: This needs Node ${OLDEST} or newer, and is run by ${version}.\n` +
      `hint: \`npm install node@${OLDEST}\` in this folder brings one that \`npx\` then takes.\n`,
  );
  process.exitCode = 1;
}
