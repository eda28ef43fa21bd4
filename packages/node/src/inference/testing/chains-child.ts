import { computeChains } from './chains.ts'

process.stdout.write(`${JSON.stringify(await computeChains())}\n`)
