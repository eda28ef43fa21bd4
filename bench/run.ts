import { remark } from './report.ts'

const benches: Readonly<Record<string, () => Promise<{ run(): Promise<void> }>>> = {
  compute: () => import('./compute.ts'),
  da: () => import('./da.ts'),
  inference: () => import('./inference.ts'),
  ingest: () => import('./ingest.ts'),
  store: () => import('./store.ts'),
}

const names = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const unknown = names.find((name) => benches[name] === undefined)
if (unknown !== undefined || names.length === 0) {
  remark(`usage: npm run bench -- NAME…, of: ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
for (const name of names) {
  const { run } = (await benches[name]?.()) ?? {}
  await run?.()
}
process.exit(0)
