// SPDX-License-Identifier: GPL-2.0-or-later
// Steps one after the other, each of which may rely on those before it; printed as KTAP.
export async function run(steps) {
  let failed = 0;
  console.log(`KTAP version 1\n1..${steps.length}`);
  for (const [number, [text, step]] of steps.entries()) {
    try {
      await step();
      console.log(`ok ${number + 1} ${text}`);
    } catch (error) {
      failed += 1;
      for (const line of String(error?.stack ?? error).split('\n')) console.log(`# ${line}`);
      console.log(`not ok ${number + 1} ${text}`);
    }
  }
  process.exit(failed ? 1 : 0);
}
