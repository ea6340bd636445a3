namespace Outheis.Testing;

/// <summary>What each capability may still do, and what came of each use.</summary>
internal sealed partial class CapabilityChurn
{
    /// <summary>A capability as it should be.</summary>
    private sealed record Right(int Index, int Holder, int Target, Rights Rights, ulong Badge, Right? Parent)
    {
        public Capability<Use> Capability { get; init; }

        public AskCapability<Query, Answer> Ask { get; init; }

        public bool IsAsk => Ask.Id != 0;

        public CapabilityNode Node => (IsAsk ? Ask.Node : Capability.Node)!;

        /// <summary>Ends of its holder when it was made: at the latest, and at the earliest.</summary>
        public (int Least, int Most) HolderEnds { get; init; }

        public bool IsFalling { get; set; }         // a revocation of it, or of what was derived from its parent, began

        public bool IsRevoked { get; set; }         // and is done: nothing comes through it any more

        public int? LeftToCome { get; set; }        // messages accepted through it before the revocation was done
    }

    private sealed class Book(WorkloadRun run, Simulation simulation, int agents)
    {
        private const int Host = -1;

        private readonly List<Right> _rights = [];
        private readonly List<Task> _owed = [];
        private readonly DeadLetterLog _deadLetters = new(simulation);
        private readonly KernelView _view = new(simulation.Kernel);
        private readonly int[,] _ways = new int[agents + 1, agents];      // accepted and not yet handled
        private readonly int[,] _inDoubt = new int[agents + 1, agents];

        public AgentId[] Ids { get; } = new AgentId[agents];

        public int[] Ends { get; } = new int[agents];

        public TimeProvider Time => simulation.ApplicationTime;

        public Right RightAt(int index) => _rights[index];

        public int Draw(int bound) => run.Choices.Draw(bound);

        public TimeSpan DrawTime() => TimeSpan.FromMilliseconds(10 + Draw(40));

        /// <summary>Mostly one of its own, often one that is over; now and then another's: all that was ever made lies
        /// in shared memory.</summary>
        public Right? DrawRight(int by)
        {
            _deadLetters.Collect();
            if (_rights.Count == 0)
            {
                return null;
            }

            Right[] own = [.. _rights.Where(right => right.Holder == by).TakeLast(12)];
            return own.Length == 0 || Draw(6) == 5 ? _rights[^(1 + Draw(_rights.Count))] : own[^(1 + Draw(own.Length))];
        }

        /// <summary>Its holder's incarnation has ended since, or it is revoked: whatever is tried now must be
        /// refused.</summary>
        public bool IsOver(Right right) =>
            right.IsRevoked || (right.Holder != Host && Ends[right.Holder] > right.HolderEnds.Most);

        public void HostActs()
        {
            _deadLetters.Collect();
            int target = Draw(agents);
            ulong badge = (ulong)Draw(3);
            var rights = (Rights)(3 - Draw(3));
            switch (Draw(6))
            {
                case 0:
                    int holder = Draw(agents);
                    int ends = Ends[holder];
                    Capability<Use> granted = simulation.Kernel.GrantTo<Use>(Ids[holder], Ids[target], rights, badge);
                    // Minted for an incarnation that ended and not yet restarted, it ends with the restart.
                    Add(new Right(_rights.Count, holder, target, rights, badge, null)
                    {
                        Capability = granted,
                        HolderEnds = (IsDown(holder) ? -1 : ends, Ends[holder]),
                    });
                    break;
                case 1:
                    int asker = Draw(agents);
                    int endsBefore = Ends[asker];
                    AskCapability<Query, Answer> ask =
                        simulation.Kernel.GrantAskTo<Query, Answer>(Ids[asker], Ids[target], badge: badge);
                    Add(new Right(_rights.Count, asker, target, Rights.Ask, badge, null)
                    {
                        Ask = ask,
                        HolderEnds = (IsDown(asker) ? -1 : endsBefore, Ends[asker]),
                    });
                    break;
                case 2:
                    Capability<Use> own = simulation.Kernel.Grant<Use>(Ids[target], Rights.Send, badge);
                    Add(new Right(_rights.Count, Host, target, Rights.Send, badge, null) { Capability = own });
                    break;
                case 3 when DrawRight(Host) is { IsAsk: false } right:
                    Attempt waiting = Begin(right, Host);
                    Owe(EndAsync(waiting, right.Capability.SendAsync(Use.Of(right))));
                    break;
                default:
                    if (DrawRight(Host) is { IsAsk: false } used)
                    {
                        Attempt attempt = Begin(used, Host);
                        End(attempt, used.Capability.Send(Use.Of(used)));
                    }

                    break;
            }
        }

        public void RevokeOne()
        {
            if (_rights.Count > 0)
            {
                Owe(RevokeAsync(_rights[^(1 + Draw(Math.Min(20, _rights.Count)))]));
            }
        }

        private async Task RevokeAsync(Right right)
        {
            right.IsFalling = true;
            Kernel kernel = simulation.Kernel;
            Task done = right.IsAsk ? kernel.RevokeAsync(right.Ask) : kernel.RevokeAsync(right.Capability);
            await done.ConfigureAwait(true);
            _view.Gather(null);
            foreach (Right gone in _rights.Where(other => IsUnder(other, right)))
            {
                run.Note(ReferenceEquals(gone, right) ? "revoked" : "revoked below");
                gone.IsRevoked = true;
                int underWay = _view.Waiting.Count(message => message.Capability == gone.Node.Id);
                run.Note("accepted before and under way", underWay);
                gone.LeftToCome ??= underWay;
            }
        }

        /// <summary>An agent takes back what was derived from one of its own, if it may. It may crash on the way, or
        /// lose the right.</summary>
        /// <returns>Whether it surely may.</returns>
        public bool BeginRevokeDerived(Right right, int by)
        {
            bool may = right.Holder == by && right.Rights.HasFlag(Rights.Grant);
            foreach (Right falling in Below(right))
            {
                falling.IsFalling |= may;
            }

            return may;
        }

        /// <summary>It is done: at once for whoever begins after this.</summary>
        public void EndRevokeDerived(Right right, bool may)
        {
            bool surely = may && !MayBeOver(right);
            foreach (Right gone in Below(right))
            {
                gone.IsRevoked |= surely;
                run.Note("revoked by an agent", surely ? 1 : 0);
            }
        }

        public void Derived(
            Right from, DeriveResult result, bool mustNot, Rights rights, ulong badge, Capability<Use> derived,
            int holder, int endsBefore)
        {
            run.Note($"derive {result}");
            simulation.Require(
                result != DeriveResult.Derived || !mustNot, "INV-11", $"{from.Index} was derived from, and could not.");
            simulation.Require(
                result != DeriveResult.AlreadyBadged || (from.Badge != 0 && badge != 0 && badge != from.Badge),
                "INV-11",
                $"{from.Index} has badge {from.Badge}, {badge} was wanted: {result}.");
            if (result != DeriveResult.Derived)
            {
                simulation.Require(derived.Id == 0, "INV-11", $"{result}, and yet there is {derived.Id}.");
                return;
            }

            var child = new Right(
                _rights.Count, holder, from.Target, rights & from.Rights, from.Badge != 0 ? from.Badge : badge, from)
            {
                Capability = derived,
                HolderEnds = (endsBefore, Ends[holder]),
            };
            CapabilityNode node = child.Node;
            simulation.Require(
                node.Granted == child.Rights && node.Badge == child.Badge && node.Holder.Id == Ids[holder], "INV-11",
                $"{from.Rights}/{from.Badge} became {node.Granted}/{node.Badge}, wanted {rights}/{badge}.");
            Add(child);
        }

        /// <summary>Somebody is about to use a capability, who may have it or not.</summary>
        public Attempt Begin(Right right, int by)
        {
            _inDoubt[Row(right), right.Target]++;
            return new Attempt(right, by, IsOver(right));
        }

        public void End(Attempt attempt, SendResult result)
        {
            Right right = attempt.Right;
            run.Note($"sends {result}{(attempt.WasOver ? " when over" : "")}");
            _inDoubt[Row(right), right.Target]--;
            bool isRight = result switch
            {
                SendResult.Sent => attempt.By == right.Holder && right.Rights.HasFlag(Rights.Send) && !attempt.WasOver,
                SendResult.Denied => attempt.By != right.Holder || !right.Rights.HasFlag(Rights.Send),
                SendResult.Revoked => attempt.By == right.Holder && MayBeOver(right),
                SendResult.Full => attempt.By == right.Holder && right.Rights.HasFlag(Rights.Send) && !attempt.WasOver,
                _ => false,
            };
            simulation.Require(
                isRight, attempt.WasOver && result == SendResult.Sent ? "INV-12" : "INV-10",
                $"{attempt.By} used {right.Index} of {right.Holder}, {right.Rights}, over {attempt.WasOver}: "
                + $"{result}.");
            _ways[Row(right), right.Target] += result == SendResult.Sent ? 1 : 0;
        }

        public async Task EndAsync(Attempt attempt, ValueTask<SendResult> sent)
        {
            try
            {
                run.Note("waits for room", sent.IsCompleted ? 0 : 1);
                End(attempt, await sent.ConfigureAwait(true));
            }
            catch (OperationCanceledException)
            {
                _inDoubt[Row(attempt.Right), attempt.Right.Target]--;      // an agent's, on its core: not sent
            }
        }

        public async Task EndAsync(Attempt attempt, ValueTask<Answer> answer)
        {
            AskOutcome outcome = AskOutcome.Cancelled;
            try
            {
                Answer reply = await answer.ConfigureAwait(true);
                outcome = AskOutcome.Replied;
                simulation.Require(reply.Right == attempt.Right.Index, "INV-07", "another ask's reply came.");
            }
            catch (AskException none)
            {
                outcome = none.Outcome;
            }
            catch (OperationCanceledException)
            {
                // It may have been taken or not: stays in doubt.
            }

            run.Note($"asks {outcome}{(attempt.WasOver ? " when over" : "")}");
            bool wasAccepted =
                outcome is AskOutcome.Replied or AskOutcome.TimedOut or AskOutcome.Failed or AskOutcome.Dead;
            bool mayNot = attempt.By != attempt.Right.Holder || attempt.WasOver;
            simulation.Require(
                !(wasAccepted && mayNot), "INV-12",
                $"{attempt.By} asked by {attempt.Right.Index}, which it could not: {outcome}.");
        }

        public void Used(int index, int at, AgentId sender, ulong badge)
        {
            _deadLetters.Collect();
            Right right = _rights[index];
            simulation.Require(right.Target == at, "INV-10", $"{index} leads to {right.Target} and led to {at}.");
            simulation.Require(
                sender == IdOf(right.Holder) && badge == right.Badge, "INV-15",
                $"{index} was used by {sender} with {badge}.");
            if (right.LeftToCome is { } left)
            {
                simulation.Require(left > 0, "INV-12", $"something was accepted through {index} after its revocation.");
                right.LeftToCome = left - 1;
            }

            _ways[Row(right), at] -= right.IsAsk ? 0 : 1;
        }

        /// <summary>At the end: what was accepted is handled or a dead letter; what was revoked has no
        /// rights.</summary>
        public void Check()
        {
            _deadLetters.Collect();
            simulation.Require(
                _owed.TrueForAll(static task => task.IsCompletedSuccessfully), "INV-12",
                _owed.Find(static task => task.IsFaulted)?.Exception?.ToString() ?? "a revocation never ended.");
            foreach (Right right in _rights)
            {
                simulation.Require(
                    !IsOver(right) || right.Node.IsRevoked, "INV-12", $"{right.Index} is over and has rights.");
                simulation.Require(
                    right.Node.IsRevoked || right.Node.Granted == right.Rights, "INV-11",
                    $"{right.Index} has {right.Node.Granted}.");
            }

            for (int from = 0; from <= agents; from++)
            {
                for (int to = 0; to < agents; to++)
                {
                    int missing = _ways[from, to];
                    int dead = _deadLetters.Between(from == agents ? AgentId.Host : Ids[from], Ids[to], nameof(Use));
                    simulation.Require(
                        missing <= dead && dead <= missing + _inDoubt[from, to], "INV-01",
                        $"from {from} to {to}: {missing} accepted and not handled, {_inDoubt[from, to]} in doubt, "
                        + $"{dead} dead letters.");
                }
            }
        }

        private void Owe(Task task) => _owed.Add(task);

        private void Add(Right right)
        {
            simulation.Require(right.Index == _rights.Count, "workload", "a right was made within another's making.");
            _rights.Add(right);
        }

        /// <summary>Revoked, falling, or with its holder's incarnation gone, as far as anybody can tell.</summary>
        private bool MayBeOver(Right right) =>
            IsFalling(right) || (right.Holder != Host && Ends[right.Holder] > right.HolderEnds.Least);

        private Right[] Below(Right right) =>
            [.. _rights.Where(other => !ReferenceEquals(other, right) && IsUnder(other, right))];

        private static bool IsFalling(Right right)
        {
            for (Right? above = right; above is not null; above = above.Parent)
            {
                if (above.IsFalling || above.IsRevoked)
                {
                    return true;
                }
            }

            return false;
        }

        private static bool IsUnder(Right right, Right root)
        {
            Right? above = right;
            while (above is not null && !ReferenceEquals(above, root))
            {
                above = above.Parent;
            }

            return above is not null;
        }

        private bool IsDown(int agent) => simulation.Kernel.Agents.Find(Ids[agent].Value)?.State != AgentState.Idle;

        private int Row(Right right) => right.Holder == Host ? agents : right.Holder;

        private AgentId IdOf(int holder) => holder == Host ? AgentId.Host : Ids[holder];

        internal readonly record struct Attempt(Right Right, int By, bool WasOver);
    }
}
