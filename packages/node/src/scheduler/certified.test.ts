import { HeddleError } from '@heddle/protocol/base'
import { afterEach, describe, expect, it } from 'vitest'
import type { Certify } from './ports.ts'
import { ask, messageItem, openWorld, processItem, type World } from './testing/fixture.ts'

const tag = { name: 'Availability', value: 'certified' }
let world: World | undefined

afterEach(async () => {
  await world?.close()
  world = undefined
})

/** Certificates that come when the test says so. */
function createCertify() {
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const asked: string[] = []
  const certify: Certify = {
    certified(processId, slot) {
      const name = `${processId}/${slot}`
      asked.push(name)
      return gates.get(name)?.promise
    },
    availability: async (process, from, limit) => ({ process, from, limit }),
  }
  const hold = (name: string) => {
    const gate = Promise.withResolvers<void>()
    // A refusal may come before anybody asks.
    gate.promise.catch(() => {})
    gates.set(name, gate)
    return gate
  }
  return { certify, asked, hold }
}

describe('replies of certified processes', () => {
  it('wait for the certificate, while the slot is durable; a refusal leaves it so', async () => {
    const { certify, hold } = createCertify()
    world = await openWorld({}, undefined, certify)
    const { scheduler } = world
    const process = await processItem([tag])
    await scheduler.schedule(process)
    const gate = hold(`${process.id}/1`)
    const message = await messageItem(process.id)
    let isAnswered = false
    const receipt = scheduler.schedule(message).finally(() => {
      isAnswered = true
    })
    const scheduled = Promise.withResolvers<void>()
    scheduler.onScheduled(() => scheduled.resolve())
    await scheduled.promise
    expect([isAnswered, scheduler.head(process.id)]).toEqual([false, 2])
    gate.resolve()
    expect((await receipt).slot).toBe(1)
    const second = hold(`${process.id}/2`)
    const late = scheduler.schedule(await messageItem(process.id))
    second.reject(new HeddleError('slot-not-certified', 'unavailable', 'not yet'))
    await expect(late).rejects.toMatchObject({ code: 'slot-not-certified' })
    expect(scheduler.head(process.id)).toBe(3)
    expect((await scheduler.schedule(await messageItem(process.id))).slot).toBe(3)
  })

  it('of a repeat wait for the slot it has', async () => {
    const { asked, certify, hold } = createCertify()
    world = await openWorld({}, undefined, certify)
    const { scheduler } = world
    const process = await processItem()
    await scheduler.schedule(process)
    const message = await messageItem(process.id)
    await scheduler.schedule(message)
    const gate = hold(`${process.id}/1`)
    const again = scheduler.schedule(message)
    gate.reject(new HeddleError('slot-not-certified', 'unavailable', 'not yet'))
    await expect(again).rejects.toMatchObject({ code: 'slot-not-certified' })
    hold(`${process.id}/1`).resolve()
    await expect(scheduler.schedule(message)).rejects.toMatchObject({ code: 'message-exists' })
    expect(asked.filter((name) => name === `${process.id}/1`).length).toBe(3)
  })

  it('are refused at the spawn where nobody certifies; ranges are listed where somebody does', async () => {
    world = await openWorld()
    const certified = await processItem([tag])
    const refused = world.scheduler.schedule(certified)
    await expect(refused).rejects.toMatchObject({ code: 'certificates-unavailable' })
    await expect(refused).rejects.toThrow(/--storers 24/)
    const plain = await processItem()
    await world.scheduler.schedule(plain)
    const path = `/availability/${plain.id}`
    const none = await ask(world.scheduler, 'GET', path)
    expect(none.body).toEqual({ process: plain.id, head: 1, certifiedTo: 0, ranges: [] })
    await world.close()
    world = await openWorld({}, undefined, createCertify().certify)
    await world.scheduler.schedule(plain)
    const page = await ask(world.scheduler, 'GET', `${path}?from=3&limit=7`)
    expect(page.body).toEqual({ process: plain.id, from: 3, limit: 7 })
    expect((await ask(world.scheduler, 'GET', `${path}?limit=1001`)).status).toBe(400)
    expect((await ask(world.scheduler, 'GET', `${path}?from=-1`)).status).toBe(400)
    expect((await ask(world.scheduler, 'GET', `/availability/${certified.id}`)).status).toBe(404)
  })
})
