import { writeFileSync } from 'node:fs'
import { readFigures, scalePath, writeScale } from './da-scale-page.ts'

/**
 * Writes `docs/SCALE.md` from what the bench printed, so that every number of it is that of a line:
 *
 *     npm run -s bench -- da > bench/da-figures.jsonl && node bench/da-scale.ts
 */
writeFileSync(scalePath, writeScale(readFigures(process.argv[2])))
