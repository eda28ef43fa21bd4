import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../source.ts'
import { templateOf } from './http-page.ts'
import { sourcePages } from './pages.ts'
import { shellSteps, withoutVarying } from './snippets.ts'

it('pages made from the sources are as the sources are', async () => {
  for (const [path, text] of await sourcePages()) {
    const file = join(root, 'docs', path)
    const written = existsSync(file) ? readFileSync(file, 'utf8') : ''
    expect(written === text, `${path} is old: node scripts/generate-docs.ts`).toBe(true)
  }
})

it('tells a path of the router as OpenAPI does', () => {
  expect(templateOf('/v1/chunks/:id/:offset(^\\d{1,15}$)')).toBe('/v1/chunks/{id}/{offset}')
  expect(templateOf('/:process(^[A-Za-z0-9_-]{43}~process@1\\.0$)/*')).toBe(
    '/{process}~process@1.0/{path}',
  )
})

it('compares what commands print, but for ids and times', () => {
  const [step] = shellSteps('$ heddle send P\nslot 1  2  (300 ms)\n')
  expect(step).toEqual({ command: 'heddle send P', expected: ['slot 1  2  (300 ms)'] })
  expect(withoutVarying('slot 1  2  (300 ms)')).toBe(withoutVarying('slot 1  2  (1.4 s)'))
  const queues = (slots: number) => `queues ${slots} slots wait for evaluation`
  expect(withoutVarying(queues(0))).toBe(withoutVarying(queues(2)))
  expect(withoutVarying('slot 1  2  (300 ms)')).not.toBe(withoutVarying('slot 1  3  (300 ms)'))
})
