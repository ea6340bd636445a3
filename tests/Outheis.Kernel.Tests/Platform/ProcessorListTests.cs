using FsCheck.Xunit;
using Xunit;

namespace Outheis.Tests;

public sealed class ProcessorListTests
{
    [Theory]
    [InlineData("0-3,8\n", new[] { 0, 1, 2, 3, 8 })]
    [InlineData("5", new[] { 5 })]
    [InlineData("\n", new int[0])]
    [InlineData("3-1", new int[0])]
    [InlineData("x", null)]
    [InlineData("0-", null)]
    [InlineData("-1", null)]
    [InlineData("0-99999999", null)]
    [InlineData(null, null)]
    public void Parse_WhatLinuxWritesAndWhatItDoesNot(string? text, int[]? numbers) =>
        Assert.Equal(numbers, ProcessorList.Parse(text));

    [Property]
    public bool Format_ThenParse_IsTheSame(byte[] numbers)
    {
        int[] ascending = [.. numbers.Distinct().Order().Select(static number => (int)number)];
        return ProcessorList.Parse(ProcessorList.Format(ascending))!.SequenceEqual(ascending);
    }
}
