import { Fault } from './fault.js';
import { isWhole } from './query.js';

export const malformed = () =>
  new Fault(
    400,
    'the body must be JSON such as {"customer":7,"items":[{"product":3,"quantity":2}]}',
  );

/** Reads an order from its JSON, with its items in the order of their products: one order for all. Throws a Fault. */
export function parseOrder(form, key = '') {
  const { customer, items } = form ?? {};
  if (!Number.isInteger(customer) || !Array.isArray(items)) throw malformed();
  for (const item of items) {
    if (!Number.isInteger(item?.product) || !Number.isInteger(item.quantity)) throw malformed();
  }
  within(customer, 1_000_000, "a customer's number is");
  within(items.length, 20, 'an order has', ' items');
  for (const { product, quantity } of items) {
    within(quantity, 1000, 'a quantity is');
    within(product, 1_000_000_000, "a product's number is");
  }
  const sorted = items
    .map(({ product, quantity }) => ({ product, quantity }))
    .sort((a, b) => a.product - b.product);
  sorted.slice(1).forEach(({ product }, i) => {
    if (product === sorted[i].product) throw new Fault(422, `product ${product} is named twice`);
  });
  if (!/^[!-~]{0,200}$/.test(key)) {
    throw new Fault(400, 'the Idempotency-Key must be 1 to 200 visible ASCII characters');
  }
  return { customer, items: sorted, key };
}

function within(n, most, what, units) {
  if (n >= 1 && n <= most) return;
  throw new Fault(422, units ? `${what} 1 to ${most}${units}` : `${what} from 1 to ${most}`);
}

/** The order's number in a path, behind /orders/. Throws a Fault for anything else. */
export function orderId(text) {
  if (!isWhole(text)) throw noOrder();
  return Number(text);
}

export const noOrder = () => new Fault(404, 'there is no such order');

/** Puts prices into the order's items and returns the total, by what is in stock: rows by product. Throws a Fault. */
export function totals(order, stock) {
  const short = [];
  let total = 0;
  for (const item of order.items) {
    const has = stock.get(item.product);
    if (!has) throw new Fault(422, `there is no product ${item.product}`);
    if (has.stock < item.quantity) {
      short.push({ product: item.product, wanted: item.quantity, stock: has.stock });
    }
    item.price_cents = has.price_cents;
    total += item.quantity * item.price_cents;
  }
  if (short.length > 0) {
    throw Object.assign(new Fault(409, 'not enough in stock'), { more: { short } });
  }
  return total;
}
