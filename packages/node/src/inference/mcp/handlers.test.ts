import { expect, it } from 'vitest'
import { readHandlers } from './handlers.ts'

it('reads what an actor handles, and which tags of it', () => {
  const source = `
    on('Inc', (msg) => { count += Number(msg.tags.By ?? 1); msg.tags['Dry-Run'] })
    once("Start", ({ tags }) => tags.Mode)
    on('Inc', other)
    on({ Action: 'Hidden' }, f)
    button.on('click')
  `
  expect(readHandlers(source)).toEqual([
    { action: 'Inc', tags: ['By', 'Dry-Run'] },
    { action: 'Start', tags: ['Mode'] },
    { action: 'click', tags: [] },
  ])
  expect(readHandlers('local function on() end')).toEqual([])
  const many = Array.from({ length: 500 }, (_, i) => `on('A${i}', f)`).join('\n')
  expect(readHandlers(many)).toHaveLength(64)
})
