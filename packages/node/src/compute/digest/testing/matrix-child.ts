import { type MatrixRun, runMatrix } from './matrix-run.ts'

/** Program of one run under other flags: what to run as JSON in, digests as JSON out. */
const run = JSON.parse(process.argv[2] ?? '{}') as MatrixRun
process.stdout.write(JSON.stringify(await runMatrix(run)))
