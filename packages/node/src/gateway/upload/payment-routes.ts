import type { Route } from '../../network/index.ts'

/** What an upload costs here: nothing, and so nobody has a balance. */
const nothing = { winc: '0', controlledWinc: '0', effectiveBalance: '0', adjustments: [], fees: [] }

/** Turbo's payment service, as far as uploaders ask it before they upload. */
export function paymentRoutes(): Route[] {
  const get = (path: string, body: unknown): Route => ({
    method: 'GET',
    path,
    handle: () => ({ status: 200, body }),
  })
  const balance = { ...nothing, balance: '0', givenApprovals: [], receivedApprovals: [] }
  return [
    get('/v1/price/bytes/:bytes(^\\d{1,15}$)', nothing),
    get('/v1/price/:token/:bytes(^\\d{1,15}$)', nothing),
    get('/price/bytes/:bytes(^\\d{1,15}$)', nothing),
    get('/v1/account/balance', balance),
    get('/v1/account/balance/:token', balance),
    get('/v1/balance', balance),
    get('/v1/rates', { winc: '0', fiat: {}, fees: [], adjustments: [] }),
    get('/v1/currencies', { supportedCurrencies: [], limits: {} }),
    get('/v1/countries', []),
  ]
}
