import { type AoTag, tag } from './aoconnect-client.ts'

/** The same actors in the two languages users write: source at spawn, or Lua sent by Eval. */
export type Language = {
  readonly name: string
  /** Spawn data, or undefined where the source is sent as an Eval after the spawn. */
  readonly sourceAt: 'spawn' | 'eval'
  readonly counter: string
  /** Passes a ball back and forth until it has been hit `limit` times. */
  player(limit: number): string
  readonly ticker: string
  /** Spawns a child of this module that answers, and greets it. */
  parent(module: string): string
  /** A message that changes state and then fails. */
  readonly fail: { readonly data: string; readonly tags: readonly AoTag[] }
  /** A message without end, and a `Compute-Limit` that ends it soon. */
  readonly loop: { readonly data: string; readonly tags: readonly AoTag[]; readonly limit: string }
}

const child = `on('Hello', (msg) => { send({ target: msg.from, action: 'World', data: 'hi' }) })`

export const javascript: Language = {
  name: 'js',
  sourceAt: 'spawn',
  counter: `
    allowAssignment(() => true)
    let count = 0
    on('Inc', (msg) => { count += Number(msg.tags.By ?? 1); msg.reply({ data: String(count) }) })
    on('Get', (msg) => { msg.reply({ data: String(count) }) })
    on('Fail', () => { count = 999; throw new Error('refused on purpose') })
    on('Loop', () => { for (;;) {} })`,
  player: (limit) => `
    let hits = 0
    on('Serve', (msg) => { send({ target: msg.tags.To, action: 'Ball', data: '1' }) })
    on('Ball', (msg) => {
      hits++
      const n = Number(msg.data)
      if (n < ${limit}) send({ target: msg.from, action: 'Ball', data: String(n + 1) })
    })
    on('Get', (msg) => { msg.reply({ data: String(hits) }) })`,
  ticker: `
    let ticks = 0
    on((msg) => msg.cron, () => { ticks++ })
    on('Get', (msg) => { msg.reply({ data: String(ticks) }) })`,
  parent: () => `
    let child = ''
    let answer = ''
    on('Go', () => { spawn({ source: ${JSON.stringify(child)}, tags: { Name: 'child' } }) })
    on('Spawned', (msg) => { child = msg.tags.Process; send({ target: child, action: 'Hello' }) })
    on('World', (msg) => { answer = msg.data + ' ' + (msg.from === child) })
    on('Get', (msg) => { msg.reply({ data: answer }) })`,
  fail: { data: '', tags: [tag('Action', 'Fail')] },
  loop: { data: '', tags: [tag('Action', 'Loop')], limit: '5000000' },
}

export const lua: Language = {
  name: 'aos',
  sourceAt: 'eval',
  counter: `
    ao.addAssignable(function() return true end)
    Count = 0
    Handlers.add('Inc', 'Inc', function(msg)
      Count = Count + (tonumber(msg.Tags.By) or 1)
      msg.reply({ Data = tostring(Count) })
    end)
    Handlers.add('Get', 'Get', function(msg) msg.reply({ Data = tostring(Count) }) end)
    Handlers.add('Fail', 'Fail', function() error('refused on purpose') end)`,
  player: (limit) => `
    Hits = 0
    Handlers.add('Serve', 'Serve', function(msg)
      ao.send({ Target = msg.Tags.To, Action = 'Ball', Data = '1' })
    end)
    Handlers.add('Ball', 'Ball', function(msg)
      Hits = Hits + 1
      local n = tonumber(msg.Data)
      if n < ${limit} then
        ao.send({ Target = msg.From, Action = 'Ball', Data = string.format('%d', n + 1) })
      end
    end)
    Handlers.add('Get', 'Get', function(msg) msg.reply({ Data = tostring(Hits) }) end)`,
  ticker: `
    Ticks = 0
    Handlers.add('Tick', 'Tick', function() Ticks = Ticks + 1 end)
    Handlers.add('Get', 'Get', function(msg) msg.reply({ Data = tostring(Ticks) }) end)`,
  parent: (module) => `
    Child = ''
    Answer = ''
    Handlers.add('Go', 'Go', function()
      ao.spawn('${module}', { Data = 'x', Tags = { Authority = ao.authorities[1] } })
    end)
    Handlers.add('Spawned', 'Spawned', function(msg)
      Child = msg.Tags.Process
      ao.send({ Target = Child, Action = 'Eval', Data = [[
        ao.send({ Target = Owner, Action = 'World', Data = 'hi' })
      ]] })
    end)
    Handlers.add('World', 'World', function(msg)
      Answer = msg.Data .. ' ' .. tostring(msg.From == Child)
    end)
    Handlers.add('Get', 'Get', function(msg) msg.reply({ Data = Answer }) end)`,
  fail: {
    data: `Count = 999; error('refused on purpose')`,
    tags: [tag('Action', 'Eval')],
  },
  loop: { data: 'while true do end', tags: [tag('Action', 'Eval')], limit: '1000000000' },
}
