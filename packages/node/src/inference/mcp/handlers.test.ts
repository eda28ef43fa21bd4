import { expect, it } from 'vitest'
import { readHandlers } from './handlers.ts'
import { handlerTools } from './tools.ts'

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

it('gives each handler tools of its own, whatever letters clients take', () => {
  const actions = ['Get Price', 'Get.Price', 'Get Price-2', 'A'.repeat(60), `${'A'.repeat(60)}B`]
  const handlers = actions.map((action) => ({ action, tags: [] }))
  const card = { id: 'i'.repeat(43), name: 'n'.repeat(40), module: '', slots: 1, handlers }
  const names = handlerTools(card, {} as never).map((tool) => tool.card.name)
  expect(new Set(names).size).toBe(2 * actions.length)
  expect(names.every((name) => /^[\w-]{1,64}$/.test(name))).toBe(true)
})
