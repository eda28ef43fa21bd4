import { expect, test } from 'vitest'
import { defaultThreads } from './options.ts'

test('small machines verify on one thread, large ones on half their cores, eight at most', () => {
  expect([1, 2, 3, 4, 7, 16, 64].map(defaultThreads)).toEqual([1, 1, 1, 2, 3, 8, 8])
})
