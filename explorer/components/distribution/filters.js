// From logits to the probabilities that are drawn from: the same steps as gpt/tensor/filters.py,
// here so that they can follow the hand.

/** exp(z) / Σ exp(z); what stands at -Infinity gets nothing. */
function softmax(logits) {
  let largest = -Infinity;
  for (const logit of logits) largest = Math.max(largest, logit);
  const shares = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  let total = 0;
  for (const share of shares) total += share;
  return shares.map((share) => share / total);
}

/** What each control makes of the logits of one place. */
function distribute(logits, { temperature, top_k, top_p, min_p }) {
  const model = softmax(logits);
  let scaled = Float64Array.from(logits, (logit) => logit / temperature);
  if (temperature < 1e-100) {
    const best = logits.indexOf(Math.max(...logits));
    scaled = scaled.map((_, i) => (i === best ? logits[i] : -Infinity));
  }
  const heated = softmax(scaled);
  const filtered = scaled.slice();
  const cause = new Array(logits.length).fill(""); // by which control a token is out
  const remove = (i, name) => {
    if (!cause[i] && filtered[i] > -Infinity) cause[i] = name;
    filtered[i] = -Infinity;
  };
  if (top_k > 0 && top_k < logits.length) {
    const smallest = filtered.slice().sort()[logits.length - top_k];
    filtered.forEach((logit, i) => logit < smallest && remove(i, "top-k"));
  }
  if (top_p < 1) {
    const shares = softmax(filtered);
    const rising = [...shares.keys()].sort((a, b) => filtered[a] - filtered[b]);
    let sum = 0;
    for (const i of rising.slice(0, -1)) {
      sum += shares[i];
      if (sum > 1 - top_p) break;
      remove(i, "top-p");
    }
  }
  if (min_p > 0) {
    const shares = softmax(filtered);
    const least = min_p * Math.max(...shares);
    shares.forEach((share, i) => share < least && remove(i, "min-p"));
  }
  return { model, scaled, heated, cause, final: softmax(filtered) };
}

/** Σ -p ln p, in nats. */
function entropyOf(shares) {
  let sum = 0;
  for (const share of shares) if (share > 0) sum -= share * Math.log(share);
  return sum;
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
