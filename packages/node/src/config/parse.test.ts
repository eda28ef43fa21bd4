import { describe, expect, it } from 'vitest'
import { nodeDefaults, parseNodeOptions, readEnvironment } from './index.ts'

describe('parseNodeOptions', () => {
  it('gives the defaults where nothing is set', () => {
    expect(parseNodeOptions({})).toEqual(nodeDefaults)
  })

  it('reads flags', () => {
    const options = parseNodeOptions({ port: '0', peer: 'http://a:1/, http://b:2', dev: true })
    expect(options.port).toBe(0)
    expect(options.peers).toEqual(['http://a:1', 'http://b:2'])
    expect(options.logLevel).toBe('info')
    expect(options.dev).toBe(true)
  })

  it.each([
    ['port', '70000'],
    ['port', ''],
    ['port', '0x10'],
    ['port', '1.5'],
    ['peer', 'ftp://a'],
    ['public-url', 'nonsense'],
    ['roles', 'king'],
    ['roles', 'scheduler'],
    ['log', 'loud'],
    ['availability', 'always'],
    ['availability', 'certified'],
    ['keepers', 'http://a:1'],
    ['keepers', 'http://a:1#short'],
    ['placement', 'Not A Label'],
    ['keep-copies-mib', '10'],
    ['keep-for', 'somebody'],
    ['challenge-copies-s', '0'],
  ])('refuses --%s %s, naming both', (name, value) => {
    expect(() => parseNodeOptions({ [name]: value })).toThrow(`--${name} ${value}`)
  })

  it('reads keepers with their addresses, and for whom copies are kept', () => {
    const address = 'A'.repeat(43)
    const options = parseNodeOptions({
      keepers: `http://a:1/#${address}, https://b/node#${address}`,
      placement: 'region:eu,disk:ssd',
      'keep-copies-mib': '10',
      'keep-for': address,
    })
    const keepers = [
      { url: 'http://a:1', address },
      { url: 'https://b/node', address },
    ]
    expect(options).toMatchObject({ keepers, placement: ['region:eu', 'disk:ssd'] })
    expect(options).toMatchObject({ keepCopiesMebibytes: 10, keepFor: [address] })
    expect(parseNodeOptions({ 'keep-copies-mib': '1', 'keep-for': 'anyone' }).keepFor).toBe(
      'anyone',
    )
  })

  it('takes certified availability where there are storers, and says how to get some', () => {
    expect(() => parseNodeOptions({ availability: 'certified' })).toThrow(/--storers 24/)
    for (const storers of [{ storers: '24' }, { 'storer-set': 'set.json' }]) {
      expect(parseNodeOptions({ availability: 'certified', ...storers })).toMatchObject({
        availability: 'certified',
      })
    }
  })

  it('reads the environment', () => {
    expect(readEnvironment({ HEDDLE_PUBLIC_URL: 'http://x' })['public-url']).toBe('http://x')
  })
})
