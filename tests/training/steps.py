"""The training step of Keras's guide to JAX, for models of either library."""

import jax


class ArrayStep:
    """A step as a function of arrays, beside `Model` among the bases."""

    def train_step(self, state, data):
        trainable, others, optimizer, sums = state
        x, y = data
        gradient = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (_, (loss, y_pred, others, sums)), grads = gradient(
            trainable, others, sums, x, y, None, training=True, optimizer_variables=optimizer
        )
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, grads, trainable)
        new, logs = [], {}
        for metric in self.metrics:
            own = sums[len(new) : len(new) + len(metric.variables)]
            if metric.name == "loss":
                own = metric.stateless_update_state(own, loss)
            else:
                own = metric.stateless_update_state(own, y, y_pred)
            logs[metric.name] = metric.stateless_result(own)
            new += own
        return logs, (trainable, others, optimizer, new)
