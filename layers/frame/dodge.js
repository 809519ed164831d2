// Keeps symbols apart: the same input gives the same places, and no symbol hides another.

const GAP = 1.5; // pixels between two symbols
const ROUNDS = 40;
const CALM_ROUNDS = 12; // at the end nothing pulls back any more
const PULL = 0.02; // how strongly a symbol is drawn back to its true place in each round
const SPIRAL_PX = 1.4; // how densely places are tried at the end
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/**
 * Moves circles apart.
 *
 * @param items [{id, x, y, r, rank}], pixels; the lower the rank, the nearer a symbol stays.
 * @param fixed [{x, y, r}] that stay where they are and are kept clear of.
 * @returns Map id -> {x, y}
 */
export function dodge(items, fixed = []) {
  const still = fixed.map((circle, i) => ({ ...circle, id: `fixed ${i}`, rank: -1, fixed: true }));
  const nodes = [...still, ...items]
    .map((item) => ({ ...item, homeX: item.x, homeY: item.y }))
    .sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
  const order = [...nodes].sort((a, b) => a.x - b.x || (a.id < b.id ? -1 : 1));
  for (let round = 0; round < ROUNDS && pushApart(order, round); round += 1);
  return settle(nodes);
}

/** One round of pushing; false when nothing overlapped. */
function pushApart(order, round) {
  order.sort((a, b) => a.x - b.x);
  const widest = 2 * order.reduce((most, node) => Math.max(most, node.r), 0) + GAP;
  let moved = false;
  for (let i = 0; i < order.length; i += 1) {
    for (let j = i + 1; j < order.length && order[j].x - order[i].x < widest; j += 1) {
      moved = pushPair(order[i], order[j], i + j) || moved;
    }
  }
  if (moved && round < ROUNDS - CALM_ROUNDS) {
    for (const node of order) {
      node.x += (node.homeX - node.x) * PULL;
      node.y += (node.homeY - node.y) * PULL;
    }
  }
  return moved;
}

function pushPair(a, b, seed) {
  let dx = b.x - a.x;
  let dy = b.y - a.y;
  const wanted = a.r + b.r + GAP;
  const squared = dx * dx + dy * dy; // most pairs are apart: no root for them
  if (squared >= wanted * wanted || (a.fixed && b.fixed)) return false;
  let distance = Math.sqrt(squared);
  const overlap = wanted - distance;
  if (overlap <= 0.01) return false;
  if (distance < 1e-6) {
    dx = Math.cos(seed * GOLDEN_ANGLE); // the same place: part in a direction that never changes
    dy = Math.sin(seed * GOLDEN_ANGLE);
    distance = 1;
  }
  const share = a.fixed ? 0 : b.fixed ? 1 : b.r / (a.r + b.r); // the smaller one gives way more
  a.x -= (dx / distance) * overlap * share;
  a.y -= (dy / distance) * overlap * share;
  b.x += (dx / distance) * overlap * (1 - share);
  b.y += (dy / distance) * overlap * (1 - share);
  return true;
}

/** Takes the nodes in order of rank and moves whatever still overlaps to the nearest free place. */
function settle(nodes) {
  const placed = [];
  const result = new Map();
  for (const node of nodes) {
    const spot = node.fixed ? { x: node.x, y: node.y } : nearestFree(node, placed);
    placed.push({ ...spot, r: node.r });
    if (!node.fixed) result.set(node.id, spot);
  }
  return result;
}

/** The nearest free place on a spiral around a node; there always is one farther out. */
function nearestFree(node, placed) {
  for (let step = 0; ; step += 1) {
    const distance = SPIRAL_PX * Math.sqrt(step);
    const x = node.x + distance * Math.cos(step * GOLDEN_ANGLE);
    const y = node.y + distance * Math.sin(step * GOLDEN_ANGLE);
    if (placed.every((other) => isApart(other, x, y, node.r))) return { x, y };
  }
}

function isApart(other, x, y, r) {
  const [dx, dy, wanted] = [other.x - x, other.y - y, other.r + r + GAP - 0.5];
  return dx * dx + dy * dy >= wanted * wanted;
}
