import { simulate } from './simulate.ts'

/** `npm run sim -- <seed> [--count N] [--log]`: runs N seeds from the one given, and tells what broke. */
const words = process.argv.slice(2)
const countAt = words.indexOf('--count')
const count = countAt < 0 ? 1 : Number(words[countAt + 1])
const first = Number(
  words.find((word, at) => !word.startsWith('-') && (countAt < 0 || at !== countAt + 1)),
)
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 1) {
  process.stderr.write('usage: npm run sim -- SEED [--count N] [--log]\n')
  process.exit(2)
}

let broken = 0
let events = 0
for (let seed = first; seed < first + count; seed++) {
  const { violations, lines, digest } = await simulate(seed)
  events += lines.length
  if (words.includes('--log')) process.stdout.write(`${lines.join('\n')}\n`)
  if (count === 1) process.stdout.write(`seed ${seed}: ${lines.length} events, log ${digest}\n`)
  if (violations.length === 0) continue
  broken++
  for (const { what, event } of violations) {
    process.stdout.write(`seed ${seed}, event ${event}: ${what}\n`)
  }
}
process.stdout.write(`${count} seeds from ${first}: ${broken} with violations, ${events} events\n`)
process.exit(broken === 0 ? 0 : 1)
