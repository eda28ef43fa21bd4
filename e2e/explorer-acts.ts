import { createClient, generateWallet, walletSigner } from '@heddle/sdk'
import { expect, it } from 'vitest'
import { publishOrderModel } from '../packages/cli/src/tour/order-model.ts'
import type { World } from './explorer-world.ts'

/** What a reader does on the page beyond looking; the browser's key must have been made. */
export function describeActs(world: World): void {
  const stranger = () => createClient({ url: world.url(), signer: walletSigner(generateWallet()) })

  it('has a console: code in lines, errors, history, completion, live prints', async () => {
    const { page, faults } = await world.open('/console')
    await page.getByRole('button', { name: 'Spawn an empty js actor' }).click()
    const line = page.locator('#console-line')
    const screen = page.locator('.xterm-rows')
    const sees = (text: string) => screen.getByText(text).first().waitFor()
    const isReady = () => page.getByRole('button', { name: 'Run' }).waitFor()
    const run = async (code: string) => {
      await isReady()
      await line.fill(code)
      await line.press('Enter')
    }
    await sees('signed by')
    await run('const five: number = 5')
    await isReady()
    await line.pressSequentially('on("Ping", () => {')
    await line.press('Enter')
    await line.pressSequentially('  print("pin" + "ged \\x1b[38;2;1;2;3mlive\\x1b[0m") })')
    expect(await line.inputValue()).toContain('\n')
    await line.press('Enter')
    await sees('[function]')
    await run('five + missing')
    await sees('missing is not defined')
    await line.press('ArrowUp')
    await line.press('ArrowUp')
    expect(await line.inputValue()).toContain('on("Ping"')
    await line.fill('globalThis.isFin')
    await line.press('Tab')
    await expect.poll(() => line.inputValue()).toBe('globalThis.isFinite')
    const id = new URL(page.url()).searchParams.get('process') ?? ''
    await stranger().process(id).send({ action: 'Ping' })
    await sees('pinged live')
    expect(faults).toEqual([])
    await page.close()
  })

  it('uploads a file and shows it', async () => {
    const { page, faults } = await world.open('/upload')
    const buffer = Buffer.from('{"kept": true}')
    await page.locator('input[type=file]').setInputFiles({
      name: 'kept.json',
      mimeType: 'application/json',
      buffer,
    })
    await page.getByRole('button', { name: /Sign and upload/ }).click()
    await page.getByRole('link', { name: 'See it' }).click()
    await page.getByText('"kept": true').waitFor()
    expect(page.url()).toContain('/explorer/item/')
    expect(faults).toEqual([])
    await page.close()
  })

  it('replays a receipt bit for bit, and draws where it came from', async () => {
    await publishOrderModel(stranger())
    const { page, faults } = await world.open('/models')
    await page.getByLabel('Prompt').fill('sell 4 goods above 100\n')
    await page.getByRole('button', { name: 'Ask' }).click()
    await page.getByText('"tool": "sell"').waitFor()
    await page.getByRole('link', { name: 'All receipts' }).click()
    await page.getByRole('table').getByRole('link').first().click()
    await page.getByRole('button', { name: 'Replay it here' }).click()
    await page.getByText(/steps replayed here in .*, every bit the same/).waitFor()
    await page.getByRole('link', { name: 'Where it came from' }).click()
    await page.getByText('every signature checked here').waitFor()
    const boxes = page.locator('.lineage-box')
    await boxes.filter({ hasText: 'Dataset' }).click()
    await page.getByRole('heading', { name: /^Dataset/, level: 1 }).waitFor()
    expect(page.url()).toMatch(/\/explorer\/provenance\/[\w-]{43}$/)
    expect(faults).toEqual([])
    await page.close()
  })
}
