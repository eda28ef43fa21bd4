import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from './source.ts'

type Locked = { readonly optionalDependencies?: Record<string, string>; readonly resolved?: string }

const lock: { packages: Record<string, Locked> } = JSON.parse(
  readFileSync(join(root, 'package-lock.json'), 'utf8'),
)

it('the lock file names every optional package, or `npm ci` refuses it', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        lock.packages[`${path}/node_modules/${name}`] === undefined &&
        lock.packages[`node_modules/${name}`] === undefined,
    ),
  )
  expect(missing).toEqual([])
})

it('the lock file names no registry', () => {
  const hosts = Object.values(lock.packages).filter(({ resolved }) =>
    /^https?:/.test(resolved ?? ''),
  )
  expect(hosts).toEqual([])
})
