using Outheis;

await using Kernel kernel = Kernel.Start();
AgentId greeter = kernel.Spawn("greeter", () => new Greeter());
Capability<Hello> hello = kernel.Grant<Hello>(greeter);
SendResult sent = hello.Send(new Hello(Times: 3));
Console.WriteLine($"host: {sent}");

internal readonly record struct Hello(int Times);

internal sealed class Greeter : Agent, IHandle<Hello>
{
    public void Handle(in Hello message, Context context) =>
        Console.WriteLine($"agent {context.Self.Value}: hello, {message.Times} times");
}
