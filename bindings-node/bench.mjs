// Prints the seconds that JSON in, decide, JSON out take for the world in the file named: processor time, the best of some runs.
import { readFileSync } from 'node:fs';
import { lifecycle } from './dist/index.js';

const world = readFileSync(process.argv[2], 'utf8');
let best = Infinity;
for (let spent = 0; spent < 0.8; ) {
  const begun = process.cpuUsage();
  for (let i = 0; i < 5; i++) lifecycle.decideJson(world);
  const { user, system } = process.cpuUsage(begun);
  const took = (user + system) / 1e6;
  best = Math.min(best, took / 5);
  spent += took;
}
console.log(best);
