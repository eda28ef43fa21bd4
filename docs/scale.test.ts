import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readFigures, scalePath, writeScale } from '../bench/da-scale-page.ts'

it('docs/SCALE.md has the figures of the saved run, and no others', () => {
  expect(readFileSync(scalePath, 'utf8')).toBe(writeScale(readFigures()))
})
