// From logits to the probabilities that are drawn from: the same steps as gpt/tensor/filters.py,
// here so that they can follow the hand. Of a large vocabulary there are only the likeliest tokens,
// and a tail: all others as one, of which a sum and a mean are known (gpt/lens/shortlist.py).

const NO_TAIL = [-Infinity, 0];

/** Shares of exp(z), and of a tail whose sum is exp(largest + tail), adding up to 1. */
function shareOut(scaled, tail = -Infinity) {
  let largest = -Infinity;
  for (const logit of scaled) largest = Math.max(largest, logit);
  const shares = Float64Array.from(scaled, (logit) => Math.exp(logit - largest));
  let total = Math.exp(tail);
  for (const share of shares) total += share;
  return { shares: shares.map((share) => share / total), tail: Math.exp(tail) / total, total };
}

/** What the controls make of one place. Where they cut into the tail, that part is an estimate. */
function distribute({ logits, size, tailAt }, { temperature, top_k, top_p, min_p }) {
  const count = logits.length;
  const model = shareOut(logits, tailAt(1)[0]);
  let scaled = Float64Array.from(logits, (logit) => logit / temperature);
  let tail = tailAt(temperature);
  if (temperature < 1e-100) {
    const best = logits.indexOf(Math.max(...logits));
    scaled = scaled.map((_, i) => (i === best ? logits[i] : -Infinity));
    tail = NO_TAIL;
  }
  const heated = shareOut(scaled, tail[0]);
  const filtered = scaled.slice();
  const cause = new Array(count).fill(""); // by which control a token is out
  if (temperature < 1e-100) scaled.forEach((logit, i) => (cause[i] = logit > -Infinity ? "" : "temperature 0"));
  const others = { mass: tail[0], isWhole: true };
  const remove = (i, name) => {
    if (!cause[i] && filtered[i] > -Infinity) cause[i] = name;
    filtered[i] = -Infinity;
  };
  if (top_k > 0 && top_k < size) {
    if (top_k <= count) others.mass = -Infinity;
    else others.isWhole = false;
    const smallest = filtered.slice().sort()[Math.max(0, count - top_k)];
    filtered.forEach((logit, i) => logit < smallest && remove(i, "top-k"));
  }
  if (top_p < 1) {
    const { shares, tail: rest } = shareOut(filtered, others.mass);
    if (rest <= 1 - top_p) {
      others.mass = -Infinity;
      const rising = [...shares.keys()].sort((a, b) => filtered[a] - filtered[b]);
      let sum = rest;
      for (const i of rising.slice(0, -1)) {
        sum += shares[i];
        if (sum > 1 - top_p) break;
        remove(i, "top-p");
      }
    } else {
      others.mass += Math.log(1 - (1 - top_p) / rest);
      others.isWhole = false;
    }
  }
  if (min_p > 0) {
    const { shares } = shareOut(filtered, others.mass);
    const least = min_p * Math.max(...shares);
    if (Math.min(...shares) < least) others.mass = -Infinity;
    else if (others.mass > -Infinity) others.isWhole = false;
    shares.forEach((share, i) => share < least && remove(i, "min-p"));
  }
  const final = shareOut(filtered, others.mass);
  const listed = cause.filter((each) => !each).length;
  const isTailIn = others.mass > -Infinity;
  return {
    model: model.shares,
    modelTail: model.tail,
    scaled,
    heated: heated.shares,
    heatedTail: heated.tail,
    cause,
    final: final.shares,
    finalTail: final.tail,
    keptShare: heated.shares.reduce((sum, share, i) => sum + (cause[i] ? 0 : share), 0) + (isTailIn ? heated.tail : 0),
    kept: listed + (isTailIn && others.isWhole ? size - count : 0),
    isExact: others.isWhole || !isTailIn,
    entropy: entropyOf(final, tail[1]),
    modelEntropy: entropyOf(model, tailAt(1)[1]),
  };
}

/** Σ -p ln p in nats, the tail's with the mean of its scaled logits, relative to the largest. */
function entropyOf({ shares, tail, total }, mean) {
  let sum = 0;
  for (const share of shares) if (share > 0) sum -= share * Math.log(share);
  return tail > 0 ? sum - tail * (mean - Math.log(total)) : sum;
}

/** The token into whose share the needle falls, as gpt.tensor.sampling.invert_cumulative says. */
function pointedAt(shares, needle) {
  let total = 0;
  for (const share of shares) total += share;
  let sum = 0;
  for (let i = 0; i < shares.length; i += 1) {
    sum += shares[i];
    if (needle < sum / total) return i;
  }
  return shares.findLastIndex((share) => share > 0);
}
